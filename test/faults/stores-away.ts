/**
 * Takes PostgreSQL and the history engine away from an exchange under load: stopped in their tracks for a while, then let
 * go on, then killed. Trading must not notice; afterwards nothing may be missing and nothing may stand twice.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { childProcesses } from '../bench/load/process-cpu.ts';
import { acknowledgedIn, finishAndCheck, type KilledRun, startUnderLoad } from './killed-exchange.ts';

type Exchange = ReturnType<typeof startUnderLoad>;

export async function takeStoresAway(awayMs: number, tell: (line: string) => void): Promise<Omit<KilledRun, 'kills'>> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-stores-away-'));
  const dataDir = join(folder, 'data');
  const acksFile = join(folder, 'acks');
  try {
    const exchange = startUnderLoad([dataDir, acksFile, '77']);
    await exchange.running;
    for (const store of ['postgres', 'history'] as const) {
      await sleep(1000);
      const processes = await processesOf(exchange, store);
      for (const id of processes) signal(id, 'SIGSTOP');
      const before = acknowledgedIn(acksFile).length;
      await sleep(awayMs);
      const during = acknowledgedIn(acksFile).length - before;
      tell(`${store} stopped for ${awayMs} ms: ${during} commands acknowledged meanwhile`);
      assert.ok(during > 0, `nothing was acknowledged while ${store} was away`);
      for (const id of processes) signal(id, 'SIGCONT');
      await sleep(1000);
      for (const id of await processesOf(exchange, store)) signal(id, 'SIGKILL');
      const killedAt = acknowledgedIn(acksFile).length;
      await sleep(1500);
      assert.ok(acknowledgedIn(acksFile).length > killedAt, `nothing was acknowledged after ${store} was killed`);
    }
    exchange.process.kill('SIGKILL');
    await exchange.ended;
    return await finishAndCheck(dataDir, acksFile);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Waits until the store is there: it is started behind the exchange. */
async function processesOf(exchange: Exchange, store: 'postgres' | 'history'): Promise<number[]> {
  for (let tries = 0; tries < 150; tries++) {
    const words = new Map(childProcesses(exchange.process.pid!).map((id) => [id, wordsOf(id)]));
    // PostgreSQL is up when somebody settles in it; before, it is still being made.
    const up = [...words.values()].some((text) =>
      text.includes(store === 'postgres' ? 'sluice_settle' : 'clickhouse-history'),
    );
    const found = [...words].filter(([, text]) =>
      text.includes(store === 'postgres' ? 'postgres' : 'clickhouse-history'),
    );
    if (up) return found.map(([id]) => id);
    assert.equal(exchange.process.exitCode, null, `the exchange has ended:\n${exchange.said()}`);
    await sleep(200);
  }
  return assert.fail(`no process of ${store} came up:\n${exchange.said()}`);
}

function wordsOf(id: number): string {
  try {
    return readFileSync(`/proc/${id}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}

function signal(id: number, name: NodeJS.Signals): void {
  try {
    process.kill(id, name);
  } catch {
    // It has ended in the meantime; that is what was wanted of it.
  }
}
