import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type BenchOptions, comparedRow, measureInterleaved, type Row } from '../bench-row.ts';
import { FIRST_MIX_ACCOUNT, openBenchExchange } from '../load/bench-exchange.ts';
import { runCeiling } from '../load/one-thread-ceiling.ts';
import { quantile, runOpenLoop } from '../load/open-loop.ts';
import { OrderMix } from '../load/order-mix.ts';

export const name = 'durable-ack';
export const summary = 'place to durable acknowledgement, in process: risk, match, Avro, group commit';

const PIECE = 256;
const RATE = 100_000;
const RECORD_BYTES = 150;

export async function rows({ quick, say }: BenchOptions): Promise<Row[]> {
  const count = quick ? 100_000 : 600_000;
  const repetitions = quick ? 1 : 5;
  say(`durable-ack: ${count} commands, ${repetitions} rounds of exchange and ceiling in turns`);
  const saturated = await measureInterleaved(repetitions, {
    exchange: () => saturate(count),
    ceiling: () => runCeiling(mixOf(count)),
    bare: () => bareAppend(count),
  });
  const rate = comparedRow(
    'commands acknowledged, as fast as they are taken',
    'commands/s',
    saturated.exchange,
    { name: 'one-thread ceiling', ...saturated.ceiling },
    repetitions,
    `${count} commands; the ceiling itself reaches ${(saturated.ceiling.median / saturated.bare.median).toFixed(2)} of a bare write and fdatasync of ${RECORD_BYTES}-byte records in batches of 1,024`,
  );
  const seconds = quick ? 3 : 15;
  say(`durable-ack: ${RATE} commands/s for ${seconds} s, exchange and bare group commit in turns`);
  const paced = await measureInterleaved(quick ? 1 : 3, {
    exchange: () => pacedP99(seconds),
    bare: () => bareGroupCommitP99(seconds),
  });
  const latency = comparedRow(
    `acknowledgement at ${RATE.toLocaleString('en-US')} orders/s, p99`,
    'ms',
    paced.exchange,
    { name: 'bare group-commit loop at the same rate', ...paced.bare },
    quick ? 1 : 3,
    'from the intended send time; open loop; generator in the same thread',
  );
  return [rate, latency];
}

function mixOf(count: number) {
  const mix = new OrderMix(1, FIRST_MIX_ACCOUNT);
  const validUntil = Date.now() * 1000 + 50_000_000;
  return Array.from({ length: count }, () => mix.next(validUntil));
}

async function saturate(count: number): Promise<number> {
  const { exchange, close } = await openBenchExchange({});
  try {
    const nowMicros = exchange.options.clock.nowMicros();
    const inputs = mixOf(count).map((record) => ({ record, stampedMicros: nowMicros }));
    const feed = exchange.runner.feedOf('intake');
    const beganMs = performance.now();
    for (let at = 0; at < inputs.length; at += PIECE) {
      const piece = inputs.slice(at, at + PIECE);
      while (!feed.offer('commands', piece)) await feed.room();
    }
    await exchange.flush();
    return (count / (performance.now() - beganMs)) * 1000;
  } finally {
    await close();
  }
}

async function pacedP99(seconds: number): Promise<number> {
  const { exchange, close } = await openBenchExchange({ syncIntervalMs: 1 });
  try {
    const mix = new OrderMix(2, FIRST_MIX_ACCOUNT);
    const feed = exchange.runner.feedOf('intake');
    const loop = await runOpenLoop(RATE, seconds, (nowMicros) => mix.next(nowMicros + 10_000_000), {
      offer: (inputs) => feed.offer('commands', inputs),
      flush: () => exchange.flush(),
    });
    return quantile(loop.latenciesMs, 0.99);
  } finally {
    await close();
  }
}

/** Records of 150 bytes in batches of 1,024, each written and synced: what the disk gives to whoever does nothing else. */
function bareAppend(count: number): number {
  return withFile((file) => {
    const bytes = Buffer.alloc(1024 * RECORD_BYTES, 7);
    const beganMs = performance.now();
    for (let written = 0; written < count; written += 1024) {
      writeSync(file, bytes);
      fdatasyncSync(file);
    }
    return (count / (performance.now() - beganMs)) * 1000;
  });
}

/** Group commit of records that come at the rate: each waits for the sync that holds it. */
async function bareGroupCommitP99(seconds: number): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-bare-'));
  const file = openSync(join(folder, 'log'), 'w');
  const bytes = Buffer.alloc(RATE * RECORD_BYTES, 7);
  const total = RATE * seconds;
  const latencies = new Float64Array(total);
  const msPerRecord = 1000 / RATE;
  const beganMs = performance.now();
  let done = 0;
  while (done < total) {
    const due = Math.min(total, Math.floor((performance.now() - beganMs) / msPerRecord));
    if (due > done) {
      writeSync(file, bytes, 0, Math.min(bytes.length, (due - done) * RECORD_BYTES));
      fdatasyncSync(file);
      const nowMs = performance.now() - beganMs;
      for (let index = done; index < due; index++) latencies[index] = nowMs - index * msPerRecord;
      done = due;
    } else await sleep(0);
  }
  closeSync(file);
  rmSync(folder, { recursive: true, force: true });
  return quantile(latencies, 0.99);
}

function withFile(measure: (file: number) => number): number {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-bare-'));
  const file = openSync(join(folder, 'log'), 'w');
  try {
    return measure(file);
  } finally {
    closeSync(file);
    rmSync(folder, { recursive: true, force: true });
  }
}
