/**
 * Kills the exchange at random moments under load, again and again on one data directory, and then looks at what is left
 * with eyes of its own: the clients' record of what they were told, the log, the ledger, history.
 */
import assert from 'node:assert/strict';
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { main } from '../../pipelines/commands/sluice.ts';
import { readCatalog } from '../../pipelines/runtime/embedded/catalog-file.ts';
import { replayHead } from '../../pipelines/runtime/embedded/replay-head.ts';
import { openLogReader } from '../../pipelines/runtime/log/log-reader.ts';
import { nodeDisk } from '../../pipelines/runtime/outside/node-disk.ts';
import spot from '../../pipelines/spot.ts';
import { decodeRecord } from '../../schemas/codec.ts';
import { emptyEnvelope } from '../../schemas/envelope.ts';
import { SeededRandom } from '../../sources/market-simulator/random.ts';

const CHILD = fileURLToPath(new URL('./exchange-under-load.ts', import.meta.url));
const START_DEADLINE_MS = 90_000;
/** After many kills the stores have much to catch up with, on a machine that may be busy: far off, so that it decides nothing. */
const CATCH_UP_DEADLINE_MS = 900_000;

export interface KilledRun {
  readonly kills: number;
  readonly acknowledged: number;
  readonly commands: number;
  readonly trades: number;
}

export async function killAgainAndAgain(kills: number, seed: number, tell: (line: string) => void): Promise<KilledRun> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-killed-'));
  const dataDir = join(folder, 'data');
  const acksFile = join(folder, 'acks');
  const random = new SeededRandom(seed, 1);
  try {
    for (let kill = 1; kill <= kills; kill++) {
      const child = startUnderLoad([dataDir, acksFile, String(seed + kill)]);
      await child.running;
      await sleep(200 + random.fraction() * 1500);
      child.process.kill('SIGKILL');
      await child.ended;
      tell(`kill ${kill} of ${kills}: ${acknowledgedIn(acksFile).length} acknowledged so far`);
    }
    return { kills, ...(await finishAndCheck(dataDir, acksFile)) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A last run that only catches up; then log, ledger and history are held against each other and against what clients were told. */
export async function finishAndCheck(dataDir: string, acksFile: string): Promise<Omit<KilledRun, 'kills'>> {
  const last = startUnderLoad([dataDir, acksFile, '0', '--finish']);
  await last.line('caught-up', CATCH_UP_DEADLINE_MS);
  const trades = await checkStores(dataDir);
  last.process.stdin.write('go on\n');
  assert.equal(await last.ended, 0, 'the last run ended with another code');
  const inLog = checkLog(dataDir, acknowledgedIn(acksFile), last.hashes());
  assert.equal(trades, inLog.trades, 'history has another number of trades than the log');
  return { acknowledged: acknowledgedIn(acksFile).length, ...inLog };
}

export function acknowledgedIn(acksFile: string): string[] {
  const lines = readFileSync(acksFile, 'utf8').split('\n');
  // The last line may be half: the process died in it, and nobody was told.
  return lines.slice(0, -1);
}

export function startUnderLoad(args: readonly string[]) {
  const child: ChildProcessWithoutNullStreams = spawn(process.execPath, [CHILD, ...args]);
  const lines: string[] = [];
  const notices: string[] = [];
  const waiting: { readonly line: string; readonly resolve: () => void }[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => {
    lines.push(line);
    for (const waiter of waiting) if (waiter.line === line) waiter.resolve();
  });
  createInterface({ input: child.stderr }).on('line', (line) => notices.push(line));
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const line = async (wanted: string, deadlineMs = START_DEADLINE_MS) => {
    const seen = lines.includes(wanted)
      ? Promise.resolve()
      : new Promise<void>((resolve) => waiting.push({ line: wanted, resolve }));
    const outcome = await Promise.race([
      seen.then(() => 'seen'),
      ended.then((code) => `ended with ${code}`),
      sleep(deadlineMs, 'silence', { ref: false }),
    ]);
    if (outcome !== 'seen') {
      child.kill('SIGKILL');
      assert.fail(`"${wanted}" did not come (${outcome}):\n${[...lines, ...notices].slice(-20).join('\n')}`);
    }
  };
  return {
    process: child,
    ended,
    line,
    running: line('running'),
    said: () => [...lines, ...notices].slice(-20).join('\n'),
    hashes: () =>
      new Map(
        lines.filter((text) => text.startsWith('hash ')).map((text) => text.split(' ').slice(1) as [string, string]),
      ),
  };
}

/** The ledger against risk, and history against itself, by their verbs. Gives the number of trades history has. */
async function checkStores(dataDir: string): Promise<number> {
  const reconciled = await verb(['ledger', 'reconcile', '--data', dataDir]);
  assert.equal(reconciled.code, 0, reconciled.text);
  const counted = await verb([
    'sql',
    '--data',
    dataDir,
    '--csv',
    'select count(), uniqExact(symbol, trade_id) from trades',
  ]);
  assert.equal(counted.code, 0, counted.text);
  const [rows, distinct] = counted.text.trim().split('\n').at(-1)!.split(',').map(Number) as [number, number];
  assert.equal(rows, distinct, 'history repeats a trade');
  return rows;
}

/** Everything acknowledged is in the log, once; checksums and chains hold; a replay from the beginning gives the same states. */
function checkLog(dataDir: string, acknowledged: readonly string[], hashes: ReadonlyMap<string, string>) {
  const disk = nodeDisk();
  const catalog = readCatalog(disk, dataDir);
  const directory = join(dataDir, 'log');
  const reader = openLogReader(disk, { directory });
  assert.ok(reader, 'there is no log');
  const envelope = emptyEnvelope();
  const placed = new Map<string, number>();
  let commands = 0;
  let trades = 0;
  while (reader.next()) {
    const record = decodeRecord(reader.bytes, reader.payloadAt, reader.payloadEnd, envelope);
    if (envelope.causationId === 0) commands++;
    if (record.type === 'place') placed.set(record.clientOrderId, (placed.get(record.clientOrderId) ?? 0) + 1);
    if (record.type === 'trade') trades++;
  }
  reader.close();
  const orders = acknowledged.filter((id) => /^\d/.test(id));
  assert.ok(orders.length > 0, 'nothing was acknowledged');
  assert.deepEqual(
    orders.filter((id) => placed.get(id) !== 1),
    [],
    'acknowledged orders are missing or stand twice',
  );
  const { head } = replayHead(spot, catalog, disk, directory, undefined);
  head.checkInvariants();
  assert.ok(hashes.size > 0, 'the last run told no state hash');
  for (const { instances } of head.inboxes) {
    for (const { stage, partition, operator } of instances) {
      assert.equal(
        operator.stateHash(),
        hashes.get(`${stage}/${partition}`),
        `${stage}/${partition} replays to another state`,
      );
    }
  }
  return { commands, trades };
}

async function verb(args: readonly string[]): Promise<{ code: number; text: string }> {
  const lines: string[] = [];
  const take = (line: string) => lines.push(line);
  const code = await main(args, { out: take, err: take, terminal: false, signal: new AbortController().signal });
  return { code, text: lines.join('\n') };
}
