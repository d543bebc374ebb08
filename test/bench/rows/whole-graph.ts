import { availableParallelism } from 'node:os';
import type { EmbeddedExchange } from '../../../pipelines/runtime/embedded/exchange.ts';
import { exchangeStatus } from '../../../pipelines/runtime/embedded/exchange-status.ts';
import type { BenchOptions, Row } from '../bench-row.ts';
import { FIRST_MIX_ACCOUNT, openBenchExchange } from '../load/bench-exchange.ts';
import { budgetBetween, budgetText, cpuNow } from '../load/cpu-budget.ts';
import { quantile, runOpenLoop } from '../load/open-loop.ts';
import { OrderMix } from '../load/order-mix.ts';

export const name = 'whole-graph';
export const summary =
  'all of the graph in process at a fixed rate, with ledger, candles, history and archive keeping up';

/** Figures of a throw-away prototype on another machine of the same kind: an orientation, measured elsewhere. */
const PROTOTYPE = {
  100000: { acknowledgeP99Ms: 17.5, settlementP99Ms: 245 },
  50000: { acknowledgeP99Ms: 10.8, settlementP99Ms: 463 },
  20000: { acknowledgeP99Ms: 10.8, settlementP99Ms: 463 },
} as const;

const RATES = [50_000, 100_000] as const;
const QUICK_RATES = [20_000, 50_000] as const;
type Rate = (typeof RATES)[number] | (typeof QUICK_RATES)[number];

export async function rows({ quick, say }: BenchOptions): Promise<Row[]> {
  const seconds = quick ? 10 : 60;
  const found: Row[] = [];
  for (const rate of quick ? QUICK_RATES : RATES) found.push(...(await runAt(rate, seconds, say)));
  return found;
}

async function runAt(rate: Rate, seconds: number, say: (line: string) => void): Promise<Row[]> {
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
    const endMicros = exchange.options.clock.nowMicros();
    const catchUpSeconds = await caughtUp(exchange, endMicros);
    const budget = budgetBetween(cpuBefore, cpuNow(), loop.sent);
    const cpu = budgetText(budget, rate, availableParallelism());
    say(`whole-graph: CPU microseconds an order: ${cpu}`);
    const ledger = exchangeStatus(exchange).lanes.find(({ sink }) => sink === 'ledger')!;
    const p = (share: number) => quantile(loop.latenciesMs, share);
    const note = [
      `${seconds} s, open loop, generator in the main thread; p50 ${p(0.5).toFixed(2)}, max ${p(1).toFixed(0)} ms; ${loop.late} sent late`,
      `CPU microseconds an order: ${cpu}`,
      `stores caught up ${catchUpSeconds.toFixed(1)} s after the last order`,
      `slope over the last two thirds, ms a second: ${slopes(samples)}`,
    ].join('; ');
    const prototype = PROTOTYPE[rate];
    const most = budget.reduce((sum, { micros }) => sum + micros, 0);
    const given = (1e6 * availableParallelism()) / rate;
    const rateName = `${rate.toLocaleString('en-US')} orders/s`;
    return [
      {
        name: `CPU an order at ${rateName}, whole graph with its stores`,
        value: most,
        unit: 'us',
        reference: { name: 'what the cores give', value: given },
        ratio: most / given,
        spread: { lowest: most, highest: most, repetitions: 1 },
        note: cpu,
      },
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

/**
 * Until the stores have what was sent, at most half a minute; seconds that it took. What they had left to do counts as the
 * orders' work.
 */
async function caughtUp(exchange: EmbeddedExchange, endMicros: number): Promise<number> {
  const beganMs = performance.now();
  const behind = () =>
    exchangeStatus(exchange).lanes.some(
      ({ sink, timeMicros }) => (sink === 'ledger' || sink === 'history') && timeMicros < endMicros,
    );
  while (behind() && performance.now() - beganMs < 30_000) await new Promise((resolve) => setTimeout(resolve, 100));
  return (performance.now() - beganMs) / 1000;
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
