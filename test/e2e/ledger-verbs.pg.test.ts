import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { askExchange } from '../../pipelines/runtime/embedded/control-socket.ts';
import { clusterFolder, embeddedAccess, type LedgerRole } from '../../sinks/postgres-ledger/access.ts';
import { Connections } from '../../sinks/postgres-ledger/connections.ts';
import { startEmbeddedPostgres } from '../../sinks/postgres-ledger/embedded-postgres.ts';
import { postgresDirectory } from '../../sinks/postgres-ledger/postgres-ledger.ts';
import { isAlive, readPostmasterFile, serverProcessesIn } from '../../sinks/postgres-ledger/postmaster-file.ts';

const SLUICE = fileURLToPath(new URL('../../pipelines/commands/sluice.ts', import.meta.url));
const PROJECT = fileURLToPath(new URL('./ledger-project/', import.meta.url));
const DEADLINE_MS = 60_000;

let dataDir: string;
const running: ChildProcess[] = [];

before(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'sluice-ledger-verbs-'));
});
after(() => {
  for (const child of running) child.kill('SIGKILL');
  const left = readPostmasterFile(clusterFolder(postgresDirectory(dataDir)));
  if (left && isAlive(left.pid)) process.kill(left.pid, 'SIGQUIT');
  rmSync(dataDir, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
});

/** A verb of the ledger on the data directory. */
function ledger(...args: string[]): { readonly code: number | null; readonly out: string; readonly err: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [SLUICE, 'ledger', ...args, '--data', dataDir], {
    cwd: PROJECT,
    encoding: 'utf8',
    timeout: DEADLINE_MS,
  });
  return { code: status, out: stdout, err: stderr };
}

async function runExchange(): Promise<{ readonly child: ChildProcess; readonly ended: Promise<number | string> }> {
  const child = spawn(process.execPath, [SLUICE, 'run', '--data', dataDir, '--no-first-day'], {
    cwd: PROJECT,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  running.push(child);
  let said = '';
  child.stderr!.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  const ended = new Promise<number | string>((resolve) =>
    child.once('exit', (code, name) => resolve(code ?? name ?? '')),
  );
  await eventually('the exchange answers', async () => {
    assert.equal(child.exitCode, null, said);
    return askExchange(dataDir, { ask: 'status' }).then(
      () => true,
      () => false,
    );
  });
  return { child, ended };
}

async function eventually(what: string, holds: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + DEADLINE_MS;
  while (!(await holds())) {
    assert.ok(performance.now() < deadline, `${what}, within ${DEADLINE_MS / 1000} s`);
    await sleep(100);
  }
}

/** Rows of a query, on the exchange's server while it runs, else on one started for it. */
async function sql<Row extends object>(role: LedgerRole, text: string): Promise<Row[]> {
  const directory = postgresDirectory(dataDir);
  const runs = running.some(({ exitCode, signalCode }) => exitCode === null && signalCode === null);
  const server = runs ? undefined : await startEmbeddedPostgres({ directory });
  const connections = new Connections(() => embeddedAccess(directory)(role), 'sluice test');
  try {
    return (await connections.withClient((client) => client.query(text))).rows as Row[];
  } finally {
    connections.close();
    await server?.stop();
  }
}

const entryCount = async () => {
  try {
    return Number((await sql<{ n: string }>('reader', 'SELECT count(*) AS n FROM ledger.entries'))[0]!.n);
  } catch {
    return 0;
  }
};

type Cursors = { readonly [partition: string]: number };

const cursorsNow = async (): Promise<Cursors> =>
  Object.fromEntries(
    (
      await sql<{ p: number; next: string }>(
        'reader',
        'SELECT account_partition AS p, next_sequence AS next FROM ledger.cursors',
      )
    ).map(({ p, next }) => [p, Number(next)]),
  );

/** Hash of every field of every entry up to these cursors. */
const entriesUpTo = async (cursors: Cursors) => {
  const ends = Object.entries(cursors).map(([partition, next]) => `(${partition}, ${next})`);
  const [row] = await sql<{ count: string; hash: string }>(
    'reader',
    `SELECT count(*) AS count, md5(string_agg(e::text, E'\n' ORDER BY entry_id)) AS hash FROM ledger.entries e
       JOIN (VALUES ${ends.join(', ')}) AS ends (p, next) ON account_partition = p AND last_sequence < next`,
  );
  return row!;
};

describe('the ledger of a running exchange', () => {
  test('equals risk to the unit while orders come in, after a kill -9 of everything, and after a clean stop', async () => {
    const first = await runExchange();
    await eventually('entries are settled', async () => (await entryCount()) > 800);
    const live = ledger('reconcile');
    assert.equal(live.code, 0, live.out + live.err);
    assert.match(live.out, /^ok {6}\d+ amounts of [\d,]+ entries equal risk's to the unit/m);
    const server = readPostmasterFile(clusterFolder(postgresDirectory(dataDir)))!.pid;
    first.child.kill('SIGKILL');
    process.kill(server, 'SIGKILL');
    await first.ended;
    const crashed = ledger('reconcile', '--json');
    assert.equal(crashed.code, 0, crashed.out + crashed.err);
    const before = await entryCount();

    const second = await runExchange();
    await eventually('more entries are settled', async () => (await entryCount()) > before + 500);
    const { pid } = readPostmasterFile(clusterFolder(postgresDirectory(dataDir)))!;
    process.kill(pid, 'SIGKILL');
    await sleep(500);
    const whileAway = await entryCount();
    await eventually(
      'settlement caught up after its server was killed',
      async () => (await entryCount()) > whileAway + 500,
    );
    second.child.kill('SIGTERM');
    assert.equal(await second.ended, 0);
    assert.equal(
      readPostmasterFile(clusterFolder(postgresDirectory(dataDir))),
      undefined,
      'the server stopped with it',
    );
    const stopped = JSON.parse(ledger('reconcile', '--json').out);
    assert.equal(stopped.ok, true);
    assert.ok(stopped.compared > 50);
    assert.deepEqual(
      [stopped.differences, stopped.balancesOff, stopped.unbalanced, stopped.clearingOpen],
      [[], [], [], []],
    );
  });

  test('made again from the log is the same, row by row; balances made again from the postings too', async () => {
    const cursors = await cursorsNow();
    const live = await entriesUpTo(cursors);
    const balances = ledger('rebuild', '--json');
    assert.deepEqual(JSON.parse(balances.out), { changedBalances: 0 }, balances.err);
    const rebuilt = ledger('rebuild', '--from-log', '--json');
    assert.equal(rebuilt.code, 0, rebuilt.out + rebuilt.err);
    assert.deepEqual(await entriesUpTo(cursors), live);
    for (const [partition, next] of Object.entries(await cursorsNow())) assert.ok(next >= cursors[partition]!);
    assert.ok(Number(live.count) > 1_500);
    assert.equal(ledger('reconcile').code, 0);
  });

  test('shows the balances of an account, and a statement that adds up to them', async () => {
    const [{ account }] = (await sql<{ account: string }>(
      'reader',
      'SELECT account FROM ledger.balances WHERE account >= 100 GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1',
    )) as [{ account: string }];
    const balances = JSON.parse(ledger('balances', account, '--json').out) as {
      ledgerAccount: string;
      asset: number;
      assetName: string;
      amount: string;
    }[];
    assert.ok(balances.some(({ assetName }) => assetName === 'USD'));
    const sums = new Map<string, bigint>();
    let entries = 0;
    for (let before: number | undefined, more = true; more; ) {
      const page = JSON.parse(
        ledger('statement', account, '--limit', '400', '--json', ...(before ? ['--before', `${before}`] : [])).out,
      ) as {
        entryId: number;
        commandId?: number;
        kind: string;
        postings: { ledgerAccount: string; asset: number; amount: string }[];
      }[];
      for (const { kind, commandId, postings } of page) {
        entries++;
        assert.equal(commandId === undefined, kind === 'hold', 'every entry but netted holds names its command');
        for (const { ledgerAccount, asset, amount } of postings) {
          const key = `${asset}/${ledgerAccount}`;
          sums.set(key, (sums.get(key) ?? 0n) + BigInt(amount));
        }
      }
      before = page.at(-1)?.entryId;
      more = page.length === 400;
    }
    assert.ok(entries > 10);
    for (const { ledgerAccount, asset, amount } of balances) {
      assert.equal(sums.get(`${asset}/${ledgerAccount}`) ?? 0n, BigInt(amount), `${asset} ${ledgerAccount}`);
    }
    const text = ledger('statement', account, '--limit', '5');
    assert.match(text.out, /^TIME +ENTRY +KIND +ASSET +AVAILABLE +HOLD +TRADE +COMMAND +WHY/);
    assert.equal(text.out.trimEnd().split('\n').length >= 6, true);
  });

  test('that was tampered with is found out: which account, which asset, by how much', async () => {
    await sql('owner', `ALTER TABLE ledger.entries DISABLE TRIGGER ALL`);
    const [{ id, account }] = (await sql<{ id: string; account: string }>(
      'owner',
      `UPDATE ledger.entries SET amounts[2] = amounts[2] + 1, amounts[1] = amounts[1] - 1 WHERE entry_id =
        (SELECT min(entry_id) FROM ledger.entries WHERE kind = 'd') RETURNING entry_id AS id, accounts[2] AS account`,
    )) as [{ id: string; account: string }];
    assert.ok(id);
    const found = ledger('reconcile');
    assert.equal(found.code, 1, found.out + found.err);
    assert.match(
      found.out,
      new RegExp(`FAIL {4}postings partition \\d account ${account} available \\w+: .*off by 0\\.0+1`),
    );
    assert.match(found.out, /FAIL {4}balances partition/);
    assert.match(found.out, /^FAIL {4}the ledger and risk do not agree$/m);
    assert.equal(ledger('rebuild', '--from-log').code, 0);
    assert.equal(ledger('reconcile').code, 0);
  });

  test('refuses wrong words with usage, and a directory without a ledger', () => {
    for (const [args, says] of [
      [['shred'], /"shred" given, reconcile, rebuild, balances and statement are allowed/],
      [['statement'], /statement wants an ACCOUNT/],
      [['statement', '12x'], /ACCOUNT: "12x" given/],
      [['balances', '-1'], /-1/],
      [['statement', '100', '--limit', '5000'], /--limit: "5000" given, a whole number from 1 to 1000/],
      [['reconcile', '100', '200'], /"200" is too much/],
    ] as const) {
      const { code, err } = ledger(...args);
      assert.equal(code, 2, args.join(' '));
      assert.match(err, says);
      assert.match(err, /usage: sluice ledger/);
    }
    const empty = spawnSync(process.execPath, [SLUICE, 'ledger', 'balances', '--data', join(dataDir, 'nothing')], {
      cwd: PROJECT,
      encoding: 'utf8',
    });
    assert.equal(empty.status, 78);
    assert.match(empty.stderr, /holds no ledger yet/);
  });
});

describe('an exchange and its ledger', () => {
  test('part within seconds when PostgreSQL hangs, with our exit code', async () => {
    const { child, ended } = await runExchange();
    const before = await entryCount();
    await eventually('entries are settled', async () => (await entryCount()) > before);
    const { pid } = readPostmasterFile(clusterFolder(postgresDirectory(dataDir)))!;
    const processes = [pid, ...serverProcessesIn(clusterFolder(postgresDirectory(dataDir)))];
    // One that serves a moment's work may be gone by now.
    for (const one of processes) if (isAlive(one)) process.kill(one, 'SIGSTOP');
    try {
      await sleep(1_000);
      child.kill('SIGTERM');
      const late = sleep(15_000, 'late', { ref: false });
      assert.equal(await Promise.race([ended, late]), 0);
    } finally {
      for (const one of processes) if (isAlive(one)) process.kill(one, 'SIGCONT');
    }
    const again = ledger('reconcile');
    assert.equal(again.code, 0, again.out + again.err);
  });

  test('do not go on together when the ledger is ahead of the log: 65, and the range that is missing', async () => {
    for (const name of ['log', 'snapshots', 'lanes']) renameSync(join(dataDir, name), join(dataDir, `${name}.away`));
    const run = spawnSync(process.execPath, [SLUICE, 'run', '--data', dataDir, '--no-first-day'], {
      cwd: PROJECT,
      encoding: 'utf8',
      timeout: DEADLINE_MS,
    });
    assert.equal(run.status, 65, run.stderr);
    assert.match(run.stderr, /sink "ledger" has it up to \d+: offsets \d+ to \d+ are missing from the log/);
  });
});
