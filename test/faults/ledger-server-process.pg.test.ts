import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createConnection } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { ExitError } from '../../schemas/exit.ts';
import { type ConnectionSettings, clusterFolder, passwordsOf } from '../../sinks/postgres-ledger/access.ts';
import { CONNECTION_LIMITS, newClient } from '../../sinks/postgres-ledger/connections.ts';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../sinks/postgres-ledger/embedded-postgres.ts';
import { isAlive, readPostmasterFile, serverProcessesIn } from '../../sinks/postgres-ledger/postmaster-file.ts';
import { prepareLedger } from '../../sinks/postgres-ledger/prepare-ledger.ts';

const HOST = fileURLToPath(new URL('./embedded-postgres-host.ts', import.meta.url));
const DEADLINE_MS = 30_000;
const isRoot = process.getuid?.() === 0;

let parent: string;
let directory: string;
const servers: EmbeddedPostgres[] = [];
const children: ChildProcess[] = [];

beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'sluice-server-'));
  directory = join(parent, 'postgres');
});

afterEach(async () => {
  for (const child of children.splice(0)) if (child.exitCode === null) child.kill('SIGKILL');
  for (const server of servers.splice(0)) await server.stop();
  // Whatever a failed test left behind.
  const left = readPostmasterFile(clusterFolder(directory));
  if (left && isAlive(left.pid)) process.kill(left.pid, 'SIGQUIT');
  rmSync(parent, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
});

async function start(options: Partial<Parameters<typeof startEmbeddedPostgres>[0]> = {}): Promise<EmbeddedPostgres> {
  const server = await startEmbeddedPostgres({ directory, ...options });
  servers.push(server);
  return server;
}

interface Host {
  readonly child: ChildProcess;
  readonly serverPid: number;
  output(): string;
  /** Exit code, or the signal's name. */
  readonly ended: Promise<number | string>;
}

function host(mode: string): Promise<Host> {
  const child = spawn(process.execPath, [HOST, directory, mode], { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  let output = '';
  const ended = new Promise<number | string>((resolve) =>
    child.once('exit', (code, name) => resolve(code ?? name ?? '')),
  );
  return new Promise((resolve, reject) => {
    child.stdout!.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      const up = /^up (\d+)$/m.exec(output);
      if (up) resolve({ child, serverPid: Number(up[1]), output: () => output, ended });
    });
    void ended.then((end) => reject(new Error(`the host ended with ${end} before its server was up: ${output}`)));
  });
}

async function eventually(what: string, holds: () => boolean): Promise<void> {
  const deadline = performance.now() + DEADLINE_MS;
  while (!holds()) {
    assert.ok(performance.now() < deadline, `${what}, within ${DEADLINE_MS / 1000} s`);
    await sleep(20);
  }
}

function connect(server: EmbeddedPostgres, change: Partial<ConnectionSettings> = {}): Promise<string> {
  const client = newClient({ ...server.access('owner'), ...change }, 'sluice test', CONNECTION_LIMITS);
  client.on('error', () => undefined);
  return client
    .connect()
    .then(() => client.query('SELECT current_user AS who'))
    .then(({ rows }) => rows[0].who as string)
    .catch((error: { code?: string; message: string }) => error.code ?? error.message)
    .finally(() => client.end().catch(() => undefined));
}

describe('a server that its owner left running', () => {
  test('is found by the next start, and at the end there is one', async () => {
    const first = await host('wait');
    first.child.kill('SIGKILL');
    await first.ended;
    assert.ok(isAlive(first.serverPid), 'the server outlives the kill');
    const said: string[] = [];
    const server = await start({ say: (line) => said.push(line) });
    assert.ok(!isAlive(first.serverPid));
    assert.match(said.join('\n'), new RegExp(`process ${first.serverPid}`));
    assert.equal(readPostmasterFile(clusterFolder(directory))!.pid, server.pid());
    assert.equal(await connect(server), 'sluice');
    await server.stop();
    await eventually('no server process is left', () => serverProcessesIn(clusterFolder(directory)).length === 0);
  });

  test('and killed with it recovers at the next start', async () => {
    const first = await host('wait');
    first.child.kill('SIGKILL');
    process.kill(first.serverPid, 'SIGKILL');
    await first.ended;
    const server = await start();
    assert.equal(await connect(server), 'sluice');
  });

  test('is told apart from a stranger that got its process id', async () => {
    const server = await start();
    await server.stop();
    const stranger = spawn('sleep', ['60']);
    children.push(stranger);
    const file = join(clusterFolder(directory), 'postmaster.pid');
    const lines = [stranger.pid, clusterFolder(directory), 1_700_000_000, 1, '', '127.0.0.1', '  1  1', 'ready   '];
    writeFileSync(file, `${lines.join('\n')}\n`);
    const again = await start();
    assert.equal(await connect(again), 'sluice');
    assert.ok(isAlive(stranger.pid!), 'the stranger was left alone');
  });

  test('stops when a process that must end at once asks it to', async () => {
    const first = await host('signal-at-exit');
    assert.equal(await first.ended, 70);
    await eventually('the server ends', () => !isAlive(first.serverPid));
  });

  test('stays when its owner ends without a word', async () => {
    const first = await host('abandon');
    assert.equal(await first.ended, 65);
    assert.ok(isAlive(first.serverPid));
    await start();
    assert.ok(!isAlive(first.serverPid));
  });
});

describe('the end of the process is ours', () => {
  test('a drain on SIGTERM finishes with the server still there, and the exit code is the one we give', async () => {
    const first = await host('drain');
    first.child.kill('SIGTERM');
    assert.equal(await first.ended, 75);
    assert.match(first.output(), /draining\ndrained, server running/);
    assert.ok(!isAlive(first.serverPid));
  });

  test('an exit code that was set stays', async () => {
    const first = await host('exit-code');
    assert.equal(await first.ended, 70);
    assert.ok(!isAlive(first.serverPid));
  });

  test('Ctrl-C reaches the owner and not the server', async () => {
    const first = await host('wait');
    const group = spawnSync('ps', ['-o', 'pgid=', '-p', `${first.serverPid}`])
      .stdout.toString()
      .trim();
    assert.equal(Number(group), first.serverPid, 'the server leads a process group of its own');
  });
});

describe('a server that dies', () => {
  test('is started again, on the same port, and told of', async () => {
    const said: string[] = [];
    const server = await start({ say: (line) => said.push(line) });
    const { port } = server.access('owner');
    const first = server.pid()!;
    process.kill(first, 'SIGKILL');
    await eventually('it is back', () => server.restarts() === 1 && server.state() === 'running');
    assert.notEqual(server.pid(), first);
    assert.equal(server.access('owner').port, port);
    assert.equal(await connect(server), 'sluice');
    assert.deepEqual([said.length, /SIGKILL/.test(said[0]!)], [2, true]);
  });

  test('is not started again once it was stopped, also in the middle of a restart', async () => {
    const server = await start();
    process.kill(server.pid()!, 'SIGKILL');
    await eventually('the death is noticed', () => server.restarts() === 1);
    await server.stop();
    await sleep(500);
    assert.equal(server.state(), 'stopped');
    await eventually('no server process is left', () => serverProcessesIn(clusterFolder(directory)).length === 0);
  });
});

describe('nobody else gets in', () => {
  test('the folder and the passwords are closed to others, the server listens on the loopback address alone', async () => {
    const server = await start();
    assert.equal(statSync(clusterFolder(directory)).mode & 0o777, 0o700);
    assert.equal(statSync(join(directory, 'passwords.json')).mode & 0o777, 0o600);
    assert.equal(statSync(join(directory, 'server.log')).mode & 0o077, 0);
    assert.equal(readdirSync(tmpdir()).filter((name) => name.startsWith('pg-password-')).length, 0);
    const { port } = server.access('owner');
    assert.ok(!existsSync(`/tmp/.s.PGSQL.${port}`));
    const outside = Object.values(networkInterfaces())
      .flat()
      .find((face) => face && !face.internal && face.family === 'IPv4');
    if (outside) assert.equal(await dial(outside.address, port), 'ECONNREFUSED');
    assert.equal(await dial('127.0.0.1', port), 'connected');
  });

  test('another local user can read neither data nor passwords', {
    skip: isRoot ? false : 'only root can become another user',
  }, async () => {
    chmodSync(parent, 0o755);
    const server = await start();
    await prepareLedger(server.access, true);
    for (const path of [join(directory, 'passwords.json'), join(clusterFolder(directory), 'PG_VERSION')]) {
      const { status } = spawnSync('setpriv', ['--reuid=65534', '--regid=65534', '--clear-groups', 'cat', path]);
      assert.notEqual(status, 0, path);
    }
  });

  test('passwords are random, differ by role and folder, and are proven by SCRAM', async () => {
    const server = await start();
    await prepareLedger(server.access, true);
    const passwords = Object.values(passwordsOf(directory));
    assert.equal(new Set(passwords).size, 4);
    for (const password of passwords) assert.match(password, /^[A-Za-z0-9_-]{32}$/);
    assert.notDeepEqual(passwordsOf(join(parent, 'other')), passwordsOf(directory));
    assert.equal(await connect(server, { password: 'password' }), '28P01');
    assert.equal(await connect(server, { password: passwordsOf(directory).reader }), '28P01');
    assert.equal(await connect(server, { user: 'postgres', password: 'postgres' }), '28P01');
    assert.equal(await connect(server, { ...server.access('settle') }), 'sluice_settle');
    const client = newClient(server.access('owner'), 'sluice test', CONNECTION_LIMITS);
    await client.connect();
    const { rows } = await client.query<{ method: string }>(
      'SELECT left(rolpassword, 13) AS method FROM pg_authid WHERE rolcanlogin',
    );
    assert.deepEqual(new Set(rows.map(({ method }) => method)), new Set(['SCRAM-SHA-256']));
    const rules = await client.query<{ type: string; auth_method: string }>(
      'SELECT type, auth_method FROM pg_hba_file_rules',
    );
    assert.deepEqual(rules.rows, [{ type: 'host', auth_method: 'scram-sha-256' }]);
    await client.end();
  });
});

describe('started by root', { skip: isRoot ? false : 'only root drops its rights' }, () => {
  for (const [what, mode] of [
    ['that others may pass', 0o755],
    ['that is closed to others', 0o700],
  ] as const) {
    test(`the server runs as another user, in a folder ${what}`, async () => {
      chmodSync(parent, mode);
      const server = await start();
      const uid = spawnSync('ps', ['-o', 'uid=', '-p', `${server.pid()}`])
        .stdout.toString()
        .trim();
      assert.notEqual(uid, '0');
      assert.equal(await connect(server), 'sluice');
    });
  }
});

describe('a start that cannot work says why', () => {
  test('the last lines of the log when the server does not come up', async () => {
    await assert.rejects(start({ settings: { shared_buffers: 'plenty' } }), (error: ExitError) => {
      assert.equal(error.code, 75);
      assert.match(error.message, /invalid value for parameter "shared_buffers": "plenty"/);
      return true;
    });
  });

  test('another version, a damaged or a missing file of passwords: 78, with the way out', async () => {
    const server = await start();
    await server.stop();
    const refuses = (pattern: RegExp) =>
      assert.rejects(
        start(),
        (error: ExitError) =>
          error.code === 78 && pattern.test(error.message) && /made again from the log/.test(error.message),
      );
    const passwords = readFileSync(join(directory, 'passwords.json'));
    writeFileSync(join(directory, 'passwords.json'), '{"owner":"x"}');
    await refuses(/damaged/);
    rmSync(join(directory, 'passwords.json'));
    await refuses(/missing/);
    writeFileSync(join(directory, 'passwords.json'), passwords);
    writeFileSync(join(clusterFolder(directory), 'PG_VERSION'), '15\n');
    await refuses(/PostgreSQL 15/);
  });

  test('a folder that was being made when the process was killed is made anew', async () => {
    const server = await start();
    await server.stop();
    rmSync(clusterFolder(directory), { recursive: true });
    mkdirSync(`${clusterFolder(directory)}.new`);
    writeFileSync(join(`${clusterFolder(directory)}.new`, 'PG_VERSION'), '18\n');
    assert.equal(await connect(await start()), 'sluice');
  });
});

test('the environment decides nothing: no locale, no PG variables', async () => {
  const before = { ...process.env };
  Object.assign(process.env, {
    LC_ALL: 'C',
    LANG: 'xx_YY',
    PGDATA: '/nowhere',
    PGPORT: '1',
    PGOPTIONS: '-c fsync=off',
  });
  try {
    const server = await start();
    await prepareLedger(server.access, true);
    assert.equal(await connect(server), 'sluice');
  } finally {
    for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name];
    Object.assign(process.env, before);
  }
});

function dial(address: string, port: number): Promise<string> {
  return new Promise((resolve) => {
    const socket = createConnection({ host: address, port, timeout: 2_000 });
    socket.once('connect', () => resolve('connected'));
    socket.once('timeout', () => resolve('timeout'));
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    socket.once('close', () => socket.destroy());
  }).then((answer) => answer as string);
}
