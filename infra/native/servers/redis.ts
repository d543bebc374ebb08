/**
 * Redis: the one of the system, or Debian's package, unpacked into the cache and not installed. Nothing is kept on disk: a
 * cache that is lost costs speed alone.
 */
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import type { Addresses } from '../addresses.ts';
import type { Instance } from '../instance.ts';
import { MissingServer } from '../missing-server.ts';
import { builtOnce, runTool, type Say } from '../tools-cache.ts';

interface Program {
  readonly command: string;
  readonly environment: { readonly [name: string]: string };
}

interface Place {
  readonly host: string;
  readonly port: number;
}

const HOST = '127.0.0.1';
const SLOTS = 16_384;
const MASTERS = 3;
const FORM_MS = 30_000;
const GET = 'install Redis 7 (apt-get install redis-server)';

export async function fetchRedis(say: Say): Promise<Program> {
  const onPath = (process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, 'redis-server'));
  const installed = onPath.find((path) => existsSync(path));
  if (installed) return { command: installed, environment: {} };
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) {
    throw new MissingServer(`there is no redis-server here: ${GET}`);
  }
  const folder = await builtOnce('redis-debian', (aside) => unpackPackages(aside, say));
  const libraries = libraryFolders(folder);
  const command = join(folder, 'usr/bin/redis-server');
  return { command, environment: { LD_LIBRARY_PATH: libraries.join(delimiter) } };
}

export async function startRedis(instance: Instance): Promise<Addresses> {
  const program = await fetchRedis(instance.say);
  const port = await instance.port();
  await launch(instance, program, 'redis', port, []);
  return { redis: { host: HOST, port } };
}

/** Three masters and a replica of each. Resolves when every slot is served and every replica follows its master. */
export async function startRedisCluster(count: number, instance: Instance): Promise<Addresses> {
  const program = await fetchRedis(instance.say);
  const nodes: Place[] = [];
  const buses: number[] = [];
  for (let number = 1; number <= count; number++) {
    // The bus listens 10,000 above the port unless told otherwise, which would leave our range.
    const [port, bus] = [await instance.port(), await instance.port()];
    nodes.push({ host: HOST, port });
    buses.push(bus);
    const own = ['--cluster-enabled', 'yes', '--cluster-config-file', 'nodes.conf', '--cluster-port', `${bus}`];
    const quick = ['--cluster-node-timeout', '2000', '--repl-diskless-sync-delay', '0'];
    await launch(instance, program, `redis-${number}`, port, [...own, ...quick], bus);
  }
  await form(nodes, buses);
  return { redisCluster: { nodes } };
}

async function launch(
  instance: Instance,
  program: Program,
  name: string,
  port: number,
  flags: readonly string[],
  bus?: number,
): Promise<void> {
  const folder = instance.folderOf(name);
  const usual = ['--bind', HOST, '--port', `${port}`, '--dir', folder, '--save', '', '--appendonly', 'no'];
  await instance.launch({
    name,
    command: program.command,
    args: [...usual, '--protected-mode', 'yes', ...flags],
    environment: program.environment,
    cwd: folder,
    log: instance.logOf(name),
    ports: bus === undefined ? { redis: port } : { redis: port, bus },
    probe: { speaks: 'redis', port },
    readyMs: 15_000,
  });
}

async function form(nodes: readonly Place[], buses: readonly number[]): Promise<void> {
  const clients = nodes.map(({ host, port }) => new Redis({ host, port, lazyConnect: true, maxRetriesPerRequest: 3 }));
  for (const client of clients) client.on('error', () => undefined);
  try {
    await Promise.all(clients.map((client) => client.connect()));
    const [first] = clients;
    for (const [index, { host, port }] of nodes.entries()) {
      if (index > 0) await first!.call('CLUSTER', 'MEET', host, `${port}`, `${buses[index]}`);
    }
    const width = Math.ceil(SLOTS / MASTERS);
    for (let master = 0; master < MASTERS; master++) {
      const from = master * width;
      const to = Math.min(SLOTS, from + width) - 1;
      await clients[master]!.call('CLUSTER', 'ADDSLOTSRANGE', `${from}`, `${to}`);
    }
    await until(async () => {
      const known = await Promise.all(clients.map((client) => client.call('CLUSTER', 'INFO') as Promise<string>));
      return known.every((info) => info.includes(`cluster_known_nodes:${nodes.length}`));
    });
    for (let index = MASTERS; index < nodes.length; index++) {
      const id = (await clients[index - MASTERS]!.call('CLUSTER', 'MYID')) as string;
      await retried(() => clients[index]!.call('CLUSTER', 'REPLICATE', id));
    }
    await until(async () => {
      const states = await Promise.all(clients.map((client) => client.call('CLUSTER', 'INFO') as Promise<string>));
      // The cluster counts as well before its replicas follow.
      const replicas = await Promise.all(clients.slice(MASTERS).map((client) => client.info('replication')));
      const follow = replicas.every((info) => info.includes('master_link_status:up'));
      return follow && states.every((info) => info.includes('cluster_state:ok'));
    });
  } finally {
    for (const client of clients) client.disconnect();
  }
}

/** A node refuses to replicate one that it does not know yet. */
async function retried(call: () => Promise<unknown>): Promise<void> {
  await until(() =>
    call().then(
      () => true,
      () => false,
    ),
  );
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  for (const deadline = performance.now() + FORM_MS; performance.now() < deadline; await sleep(50)) {
    if (await holds()) return;
  }
  throw new Error(`the Redis cluster did not form within ${FORM_MS / 1_000} s`);
}

async function unpackPackages(aside: string, say: Say): Promise<void> {
  say("fetches Redis 7 from Debian's packages, 2 MB, once");
  const archives = join(aside, 'archives');
  mkdirSync(join(archives, 'partial'), { recursive: true });
  await runTool({ command: 'apt-get', args: ['update', '-qq'], get: GET });
  const download = ['install', '-y', '-qq', '--download-only', '--no-install-recommends'];
  await runTool({
    command: 'apt-get',
    args: [...download, '-o', `Dir::Cache::archives=${archives}`, 'redis-server'],
    get: GET,
  });
  const packages = readdirSync(archives).filter((name) => name.endsWith('.deb'));
  for (const name of packages) await runTool({ command: 'dpkg', args: ['-x', join(archives, name), aside], get: GET });
  rmSync(archives, { recursive: true, force: true });
}

function libraryFolders(folder: string): string[] {
  const libraries = join(folder, 'usr/lib');
  return readdirSync(libraries)
    .filter((name) => name.endsWith('-gnu') || name.includes('linux-gnu'))
    .map((name) => join(libraries, name));
}
