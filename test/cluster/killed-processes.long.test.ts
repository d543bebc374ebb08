/**
 * A cluster of processes under load, of which one after the other is killed -9 and started again: stages, sources, ledger,
 * gateway, broker. Afterwards nothing that was acknowledged is missing, nothing happened twice, and the ledger agrees.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { readRiskSnapshot } from '../../operators/accounts/risk-snapshot.ts';
import { loadProject } from '../../pipelines/load-project.ts';
import { LogFollower } from '../../pipelines/runtime/cluster/log-follower.ts';
import { replayInbox } from '../../pipelines/runtime/cluster/replay-inbox.ts';
import { openClusterParts } from '../../pipelines/start-cluster.ts';
import { decodeRecord } from '../../schemas/codec.ts';
import { emptyEnvelope } from '../../schemas/envelope.ts';
import type { AnyRecord } from '../../schemas/generated/records.ts';
import { embeddedAccess } from '../../sinks/postgres-ledger/access.ts';
import { Connections } from '../../sinks/postgres-ledger/connections.ts';
import { postgresDirectory } from '../../sinks/postgres-ledger/postgres-ledger.ts';
import { ROOT, removeProjects, temporaryProject } from '../pipelines/commands/temporary-project.ts';
import { realServers } from '../real-servers.ts';
import { INBOXES } from './cluster-in-process.ts';

const found = await realServers(['kafka@4.1:1']);
const servers = found.skip === false ? found.servers : undefined!;

const CONFIG = readFileSync(join(ROOT, 'pipeline.config.ts'), 'utf8')
  .replace("'./schemas/config.ts'", "'ROOT/schemas/config.ts'")
  .replace('import { defineConfig, embedded, env }', 'import { cluster, defineConfig, env }')
  .replace('backends: embedded(', 'backends: cluster(')
  .replace(/accounts: 40, ordersPerSecond: 200/, 'accounts: 10, ordersPerSecond: 40')
  .replace('accounts: 4,', 'accounts: 2,')
  .replace("every: '10s'", "every: '2s'")
  .replace('gateway: { port: 7717', 'gateway: { port: 0, adminPort: 0');

const SLUICE = join(ROOT, 'pipelines/commands/sluice.ts');
const ROLES: { readonly [name: string]: readonly string[] } = {
  risk: ['steer', 'risk'],
  match: ['match'],
  sources: ['sources'],
  ledger: ['ledger'],
  gateway: ['gateway'],
};

class Processes {
  readonly folder = temporaryProject({
    'pipeline.config.ts': CONFIG,
    'pipelines/spot.ts': "export { default } from 'ROOT/pipelines/spot.ts';\n",
  });
  readonly #running = new Map<string, ChildProcess>();
  readonly said = new Map<string, string[]>();
  url = '';
  token = '';

  start(name: string, environment: { readonly [name: string]: string } = {}): void {
    const stages = ROLES[name]!.flatMap((role) => ['--stage', role]);
    const child = spawn(process.execPath, [SLUICE, 'run', ...stages], {
      cwd: this.folder,
      env: {
        ...process.env,
        SLUICE_KAFKA_BROKERS: servers.kafka.brokers.join(','),
        SLUICE_KAFKA_SESSION_MS: '2000',
        ...environment,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const said = this.said.get(name) ?? [];
    this.said.set(name, said);
    const hear = (bytes: Buffer) => {
      for (const line of bytes.toString().split('\n').filter(Boolean)) {
        said.push(line);
        const [word, value = ''] = line.split(/\s+/);
        if (name === 'gateway' && word === 'exchange') this.url = value.replace('/v1/symbols', '');
        if (name === 'gateway' && word === 'token') this.token = value;
      }
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    child.on('exit', (code, signal) => {
      said.push(`ended with ${code ?? signal}`);
      // A process that gave up on a broker that was away (75) is started again, as its supervisor would.
      if (this.#running.get(name) === child && code === 75) this.start(name, environment);
    });
    this.#running.set(name, child);
  }

  kill(name: string, signal: NodeJS.Signals): Promise<void> {
    const child = this.#running.get(name)!;
    this.#running.delete(name);
    if (name === 'gateway') this.url = '';
    return new Promise((resolve) => {
      if (child.exitCode !== null || child.signalCode !== null) return resolve();
      child.once('exit', () => resolve());
      child.kill(signal);
    });
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#running.keys()].map((name) => this.kill(name, 'SIGTERM')));
  }

  async killAll(): Promise<void> {
    await Promise.all([...this.#running.keys()].map((name) => this.kill(name, 'SIGKILL')));
  }
}

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function until(what: string, limitMs: number, holds: () => Promise<boolean> | boolean): Promise<void> {
  const deadline = performance.now() + limitMs;
  while (!(await holds())) {
    assert.ok(performance.now() < deadline, `${what}: not within ${limitMs / 1000} s`);
    await sleep(100);
  }
}

/** Places orders one after the other and remembers what it was told. Asks again with the same id where it was told nothing. */
class Client {
  readonly acknowledged = new Set<string>();
  readonly sent = new Set<string>();
  #stopped = false;
  #running: Promise<void> | undefined;
  readonly #processes: Processes;

  constructor(processes: Processes) {
    this.#processes = processes;
  }

  async ask(path: string, body: unknown): Promise<number> {
    const { url, token } = this.#processes;
    if (url === '') return 0;
    try {
      const response = await fetch(`${url}${path}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: JSON.stringify(body),
        signal: AbortSignal.timeout(15_000),
      });
      await response.arrayBuffer();
      return response.status;
    } catch {
      return 0;
    }
  }

  start(): void {
    this.#running = this.#run();
  }

  stop(): Promise<void> | undefined {
    this.#stopped = true;
    return this.#running;
  }

  async #run(): Promise<void> {
    for (let number = 1; !this.#stopped; number++) {
      const id = `o-${number}`;
      const order = { symbol: 'BTC-USD', type: 'market', side: 'buy', budget: '20', client_order_id: id };
      for (let attempt = 0; attempt < 40 && !this.#stopped; attempt++) {
        this.sent.add(id);
        const status = await this.ask('/v1/orders', order);
        if (status >= 200 && status < 300) this.acknowledged.add(id);
        if (status >= 200 && status < 500 && status !== 429) break;
        await sleep(200);
      }
      await sleep(20);
    }
  }
}

test('one of everything is killed -9 under load, and nothing is lost, doubled or out of balance', {
  skip: found.skip,
  timeout: 300_000,
}, async (context) => {
  const processes = new Processes();
  const client = new Client(processes);
  after(async () => {
    await processes.killAll();
    removeProjects();
  });
  try {
    await run(processes, client);
  } catch (error) {
    for (const [name, lines] of processes.said) context.diagnostic(`${name}: ${lines.slice(-14).join(' | ')}`);
    throw error;
  } finally {
    await client.stop();
  }
});

async function run(processes: Processes, client: Client): Promise<void> {
  for (const name of Object.keys(ROLES)) processes.start(name);
  await until('a deposit', 60_000, async () => {
    const status = await client.ask('/v1/paper-deposits', { asset: 'USD', amount: '100000', deposit_id: 'd-1' });
    return status >= 200 && status < 300;
  });
  client.start();
  await until('first orders', 30_000, () => client.acknowledged.size >= 5);
  for (const victim of ['match', 'risk', 'gateway', 'ledger', 'sources', 'kafka-1']) {
    const before = client.acknowledged.size;
    if (victim === 'kafka-1') {
      servers.kill(victim);
      await sleep(500);
      await servers.start(victim);
    } else {
      await processes.kill(victim, 'SIGKILL');
      processes.start(victim);
    }
    await until(`orders after ${victim} was killed`, 120_000, () => client.acknowledged.size >= before + 3);
  }
  await client.stop();
  // The market rests while clock records go on: then the ledger comes to the same place as the engine.
  await processes.kill('sources', 'SIGTERM');
  processes.start('sources', { SLUICE_SIMULATOR_ORDERS_PER_SECOND: '0' });

  process.env.SLUICE_KAFKA_BROKERS = servers.kafka.brokers.join(',');
  const project = await loadProject(processes.folder);
  const parts = await openClusterParts(project, join(processes.folder, 'data'), () => {});
  const { source, sink, cluster, topicOf } = parts;
  const { catalog, bases } = cluster;
  const seen: {
    readonly log: string;
    readonly partition: number;
    readonly offset: number;
    readonly record: AnyRecord;
  }[] = [];
  let failed: unknown;
  const follower = new LogFollower({
    catalog,
    logs: ['commands', 'accounts'],
    bases,
    from: new Map(),
    source,
    topicOf,
    onRecords(records) {
      for (const { log, partition, offset, value } of records) {
        seen.push({ log, partition, offset, record: decodeRecord(value, 0, value.length, emptyEnvelope()) });
      }
    },
    fail: (error) => {
      failed = error;
    },
  });
  await follower.start();
  // Five clock records in a row in each partition of the accounts log: nothing else happens any more.
  const calm = () => {
    if (failed) throw failed;
    return Array.from({ length: catalog.partitions.accounts! }, (_, partition) =>
      seen.filter((each) => each.log === 'accounts' && each.partition === partition).slice(-5),
    ).every(
      (newest) =>
        newest.length === 5 && newest.every(({ record }) => record.type === 'tick' || record.type === 'checkpoint'),
    );
  };
  await until('calm after the load', 60_000, calm);

  // O1, O7: what was acknowledged is there, once.
  const placed = new Map<string, number>();
  const judged = new Map<string, number>();
  for (const { log, record } of seen) {
    if (!('clientOrderId' in record) || !record.clientOrderId.startsWith('o-')) continue;
    const counted =
      log === 'commands' && record.type === 'place'
        ? placed
        : record.type === 'hold' && record.command === 'place'
          ? judged
          : undefined;
    counted?.set(record.clientOrderId, (counted.get(record.clientOrderId) ?? 0) + 1);
  }
  for (const id of client.acknowledged) {
    assert.ok((placed.get(id) ?? 0) >= 1, `${id} was acknowledged and is not in the commands log`);
    assert.equal(judged.get(id), 1, `${id} took effect ${judged.get(id) ?? 0} times`);
  }
  for (const [id, times] of judged) assert.equal(times, 1, `${id} took effect ${times} times`);
  const deposits = seen.filter(({ record }) => record.type === 'balance_change' && record.reference === 'd-1');
  assert.equal(deposits.length, 1, 'the deposit was booked once');

  // Up to what offset each partition has anything but time.
  const wanted = Array.from({ length: catalog.partitions.accounts! }, (_, partition) =>
    Math.max(
      ...seen
        .filter((each) => each.log === 'accounts' && each.partition === partition && each.record.type !== 'tick')
        .map(({ offset }) => offset),
    ),
  );
  const connections = new Connections(
    () => embeddedAccess(postgresDirectory(join(processes.folder, 'data')))('reader'),
    'test',
  );
  const sql = async (text: string) =>
    (await connections.withClient((client_) => client_.query(text))).rows as { readonly [column: string]: string }[];
  await until('the ledger', 60_000, async () => {
    const cursors = await sql('SELECT account_partition, next_sequence FROM ledger.cursors').catch(() => []);
    return wanted.every((offset, partition) =>
      cursors.some((row) => Number(row.account_partition) === partition && Number(row.next_sequence) > offset),
    );
  });
  const sums = await sql('SELECT asset, sum(available + hold)::text AS sum FROM ledger.balances GROUP BY asset');
  for (const { asset, sum } of sums) assert.equal(sum, '0', `asset ${asset} sums to ${sum}`);
  const booked = await sql('SELECT account, asset, available, hold FROM ledger.balances WHERE account >= 100');
  connections.close();
  await processes.stop();

  // O2, O3: every inbox replayed makes what its logs have; O6: the ledger is what the engine came to.
  const engine = new Map<string, string>();
  for (const log of INBOXES) {
    for (let partition = 0; partition < catalog.partitions[log]!; partition++) {
      const replayed = await replayInbox({ graph: project.graph, catalog, bases, log, partition, source, topicOf });
      assert.equal(replayed.lacking, 0, `${log}/${partition} caused ${replayed.lacking} records that no log has`);
      const risk = replayed.states.risk;
      if (!risk) continue;
      for (const { account, asset, available, held: hold } of readRiskSnapshot(risk).balances) {
        if (account >= 100 && (available !== 0 || hold !== 0))
          engine.set(`${account}/${asset}`, `${available} + ${hold}`);
      }
    }
  }
  const ledger = new Map(
    booked
      .filter(({ available, hold }) => available !== '0' || hold !== '0')
      .map(({ account, asset, available, hold }) => [`${account}/${asset}`, `${available} + ${hold}`]),
  );
  assert.deepEqual(new Map([...ledger].sort()), new Map([...engine].sort()));
  assert.ok(ledger.size > 0, 'nobody has anything');
  await follower.close();
  await source.close();
  await sink.close();
}
