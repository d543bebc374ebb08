import { readFileSync } from 'node:fs';
import { exchangeStatus } from '../../../pipelines/runtime/embedded/exchange-status.ts';
import type { BenchOptions, Row } from '../bench-row.ts';
import { FIRST_MIX_ACCOUNT, openBenchExchange } from '../load/bench-exchange.ts';
import { quantile, runOpenLoop } from '../load/open-loop.ts';
import { OrderMix } from '../load/order-mix.ts';
import { childProcesses, cpuSecondsOf } from '../load/process-cpu.ts';

export const name = 'whole-graph';
export const summary =
  'all of the graph in process at a fixed rate, with ledger, candles, history and archive keeping up';

/** Figures of a throw-away prototype on another machine of the same kind: an orientation, measured elsewhere. */
const PROTOTYPE = {
  100000: { acknowledgeP99Ms: 17.5, settlementP99Ms: 245 },
  50000: { acknowledgeP99Ms: 10.8, settlementP99Ms: 463 },
} as const;

export async function rows({ quick, say }: BenchOptions): Promise<Row[]> {
  const seconds = quick ? 10 : 60;
  const found: Row[] = [];
  for (const rate of [50_000, 100_000] as const) found.push(...(await runAt(rate, seconds, say)));
  return found;
}

async function runAt(rate: 50_000 | 100_000, seconds: number, say: (line: string) => void): Promise<Row[]> {
  say(`whole-graph: ${rate} orders/s for ${seconds} s`);
  const sinks = ['ledger', 'history', 'archive', 'gateway'];
  const { exchange, close } = await openBenchExchange({ sinks, syncIntervalMs: 1 });
  try {
    await exchange.start();
    const mix = new OrderMix(4, FIRST_MIX_ACCOUNT);
    const feed = exchange.runner.feedOf('intake');
    const samples: { atMs: number; lagMs: Record<string, number>; residentBytes: number }[] = [];
    const beganMs = performance.now();
    const sampling = setInterval(() => {
      const lagMs = Object.fromEntries(exchangeStatus(exchange).lanes.map((lane) => [lane.sink, lane.lagMs]));
      samples.push({ atMs: performance.now() - beganMs, lagMs, residentBytes: process.memoryUsage.rss() });
    }, 500);
    const cpuBefore = cpuNow();
    const loop = await runOpenLoop(rate, seconds, (nowMicros) => mix.next(nowMicros + 10_000_000), {
      offer: (inputs) => feed.offer('commands', inputs),
      flush: () => exchange.flush(),
    });
    clearInterval(sampling);
    const cpu = budget(cpuBefore, cpuNow(), loop.sent);
    const ledger = exchangeStatus(exchange).lanes.find(({ sink }) => sink === 'ledger')!;
    const p = (share: number) => quantile(loop.latenciesMs, share);
    const note = [
      `${seconds} s, open loop, generator in the main thread; p50 ${p(0.5).toFixed(2)}, max ${p(1).toFixed(0)} ms; ${loop.late} sent late`,
      `CPU microseconds an order: ${cpu}`,
      `slope over the last two thirds, ms a second: ${slopes(samples)}`,
    ].join('; ');
    const prototype = PROTOTYPE[rate];
    const rateName = `${rate.toLocaleString('en-US')} orders/s`;
    return [
      row(`acknowledgement at ${rateName}, whole graph, p99`, p(0.99), prototype.acknowledgeP99Ms, note, {
        name: 'acknowledgement',
        xUnit: 'share',
        yUnit: 'ms',
        points: [0.5, 0.9, 0.99, 0.999, 1].map((share) => [share, p(share)] as const),
      }),
      row(
        `settlement lag at ${rateName}, p99`,
        Number(ledger.figures.lag_p99_ms ?? 0),
        prototype.settlementP99Ms,
        `p50 ${ledger.figures.lag_p50_ms} ms, over the last blocks`,
        {
          name: 'lag of the ledger',
          xUnit: 's',
          yUnit: 'ms',
          points: samples.map(({ atMs, lagMs }) => [atMs / 1000, lagMs.ledger ?? 0] as const),
        },
      ),
    ];
  } finally {
    await close();
  }
}

function row(
  name: string,
  value: number,
  prototype: number,
  note: string,
  series: NonNullable<Row['series']>[number],
): Row {
  return {
    name,
    value,
    unit: 'ms',
    reference: { name: 'prototype, another machine', value: prototype },
    ratio: value / prototype,
    spread: { lowest: value, highest: value, repetitions: 1 },
    series: [series],
    note,
  };
}

function cpuNow() {
  const own = process.cpuUsage();
  const main = process.threadCpuUsage();
  return {
    main: (main.user + main.system) / 1e6,
    process: (own.user + own.system) / 1e6,
    children: childProcesses(process.pid).map((id) => ({ id, name: nameOf(id), seconds: cpuSecondsOf(id) })),
  };
}

function budget(before: ReturnType<typeof cpuNow>, after: ReturnType<typeof cpuNow>, orders: number): string {
  const micros = (seconds: number) => ((seconds * 1e6) / orders).toFixed(2);
  const byName = new Map<string, number>();
  for (const { id, name, seconds } of after.children) {
    const then = before.children.find((child) => child.id === id)?.seconds ?? 0;
    byName.set(name, (byName.get(name) ?? 0) + seconds - then);
  }
  const main = after.main - before.main;
  const threads = after.process - before.process - main;
  const children = [...byName].map(([name, seconds]) => `${name} ${micros(seconds)}`);
  return [`main thread ${micros(main)}`, `journal and lanes ${micros(threads)}`, ...children].join(', ');
}

function nameOf(id: number): string {
  const words = readFileSync(`/proc/${id}/cmdline`, 'utf8').split('\0');
  return words[0]!.endsWith('postgres') || words[0]!.startsWith('postgres') ? 'PostgreSQL' : 'history engine';
}

/** Least squares over the last two thirds, per sink and for memory. */
function slopes(samples: readonly { atMs: number; lagMs: Record<string, number>; residentBytes: number }[]): string {
  const late = samples.slice(Math.floor(samples.length / 3));
  const slope = (value: (sample: (typeof late)[number]) => number) => {
    const meanX = late.reduce((sum, { atMs }) => sum + atMs, 0) / late.length;
    const meanY = late.reduce((sum, sample) => sum + value(sample), 0) / late.length;
    const over = late.reduce((sum, sample) => sum + (sample.atMs - meanX) * (value(sample) - meanY), 0);
    return (over / late.reduce((sum, { atMs }) => sum + (atMs - meanX) ** 2, 0)) * 1000;
  };
  const sinks = Object.keys(late[0]?.lagMs ?? {});
  const lags = sinks.map((sink) => `${sink} ${slope(({ lagMs }) => lagMs[sink] ?? 0).toFixed(1)}`);
  return [...lags, `memory ${(slope(({ residentBytes }) => residentBytes) / 2 ** 20).toFixed(1)} MiB/s`].join(', ');
}
