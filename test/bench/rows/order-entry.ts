import type { BenchOptions, Row } from '../bench-row.ts';
import { type EntryRun, runEntry } from '../load/entry-run.ts';

export const name = 'order-entry';
export const summary = 'orders over sockets, client to client, with every store behind and a hundred readers';

const CONNECTIONS = 16;
const READERS = 100;
/** What holds: an answer in time, nothing refused that should not be, no store left behind. */
const P99_MS = 20;
const LAG_MS = 5_000;
const FAILED_SHARE = 0.001;
/** A throw-away prototype without authentication and fan-out, another machine. */
const PROTOTYPE_RATE = 100_000;

export async function rows({ quick, say }: BenchOptions): Promise<Row[]> {
  const seconds = quick ? 5 : 30;
  const rates = quick ? [2_000] : [10_000, 25_000, 50_000, 75_000, 100_000];
  let best: { readonly rate: number; readonly run: EntryRun } | undefined;
  let last: { readonly rate: number; readonly run: EntryRun } | undefined;
  const points: (readonly [number, number])[] = [];
  for (const rate of rates) {
    say(`order-entry: ${rate} orders/s for ${seconds} s`);
    const run = await runEntry({ ordersPerSecond: rate, seconds, connections: CONNECTIONS, readers: READERS });
    last = { rate, run };
    points.push([rate, run.end.p99Ms]);
    const held = holds(run, rate);
    say(`order-entry: ${note(run)}${held === '' ? '' : `; does not hold: ${held}`}`);
    if (held !== '') break;
    best = { rate, run };
  }
  const told = best ?? last!;
  return [
    {
      name: `place to durable acknowledgement over sockets at ${told.rate.toLocaleString('en-US')} orders/s, p99`,
      value: told.run.end.p99Ms,
      unit: 'ms',
      reference: { name: 'bound', value: P99_MS },
      ratio: told.run.end.p99Ms / P99_MS,
      spread: { lowest: told.run.end.p50Ms, highest: told.run.end.maxMs, repetitions: 1 },
      series: [{ name: 'p99 by rate', xUnit: 'orders/s', yUnit: 'ms', points }],
      note: note(told.run),
    },
    {
      name: 'order entry over sockets, highest rate that holds',
      value: best?.rate ?? 0,
      unit: 'orders/s',
      reference: { name: 'prototype without authentication and fan-out, another machine', value: PROTOTYPE_RATE },
      ratio: (best?.rate ?? 0) / PROTOTYPE_RATE,
      spread: { lowest: best?.rate ?? 0, highest: best?.rate ?? 0, repetitions: 1 },
      note: `${CONNECTIONS} connections of the published client, ${READERS} readers, ${seconds} s a step`,
    },
  ];
}

/** What does not hold, in words; empty where all does. */
export function holds({ end, samples, answeredPerSecond, readersClosed }: EntryRun, rate: number): string {
  const broken: string[] = [];
  if (end.p99Ms > P99_MS) broken.push(`p99 ${end.p99Ms.toFixed(1)} ms`);
  if (answeredPerSecond < rate * 0.98) broken.push(`${answeredPerSecond.toFixed(0)} answers a second`);
  if (end.answered < end.sent) broken.push(`${end.sent - end.answered} without an answer`);
  if (end.failed > end.sent * FAILED_SHARE) broken.push(`${end.failed} refused: ${JSON.stringify(end.refused)}`);
  if (readersClosed > 0) broken.push(`${readersClosed} readers closed`);
  for (const [sink, lagMs] of Object.entries(samples.at(-1)?.lagMs ?? {})) {
    if (lagMs > LAG_MS) broken.push(`${sink} is ${(lagMs / 1000).toFixed(1)} s behind`);
  }
  return broken.join(', ');
}

export function note({ end, samples, budget, answeredPerSecond }: EntryRun): string {
  const micros = Object.entries(budget).map(([who, spent]) => `${who} ${spent.toFixed(1)}`);
  const lags = Object.entries(samples.at(-1)?.lagMs ?? {}).map(([sink, lagMs]) => `${sink} ${lagMs.toFixed(0)}`);
  return [
    `${answeredPerSecond.toFixed(0)} answers a second, p50 ${end.p50Ms.toFixed(1)}, p99 ${end.p99Ms.toFixed(1)}, max ${end.maxMs.toFixed(0)} ms`,
    `CPU microseconds an order: ${micros.join(', ')}`,
    `lag at the end, ms: ${lags.join(', ')}`,
  ].join('; ');
}
