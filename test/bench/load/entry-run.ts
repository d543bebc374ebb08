/**
 * Order entry, client to client: the whole exchange in this process and its helpers, traders and readers in processes of
 * their own on the same machine.
 */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { exchangeStatus } from '../../../pipelines/runtime/embedded/exchange-status.ts';
import { FIRST_MIX_ACCOUNT, openBenchExchange } from './bench-exchange.ts';
import { Crowd } from './crowd.ts';
import type { TradersEnd, TradersSecond } from './order-traders.ts';
import { childProcesses, cpuSecondsOf } from './process-cpu.ts';

export interface EntryLoad {
  readonly ordersPerSecond: number;
  readonly seconds: number;
  readonly connections: number;
  /** Sockets that read the market: nine of ten a book and a ticker, the tenth all trades. */
  readonly readers: number;
}

export interface EntrySample {
  readonly atSeconds: number;
  readonly p99Ms: number;
  readonly answeredPerSecond: number;
  readonly lagMs: { readonly [sink: string]: number };
  readonly residentBytes: number;
}

export interface EntryRun {
  readonly end: TradersEnd;
  readonly samples: readonly EntrySample[];
  readonly answeredPerSecond: number;
  /** CPU microseconds an order, by who spends them. */
  readonly budget: { readonly [who: string]: number };
  readonly readersClosed: number;
}

const SINKS = ['ledger', 'history', 'archive', 'gateway'];
const HOST = new URL('./bench-gateway-host.ts', import.meta.url).href;

export async function runEntry(load: EntryLoad, onSample: (sample: EntrySample) => void = () => {}): Promise<EntryRun> {
  const { exchange, close } = await openBenchExchange({
    sinks: SINKS,
    syncIntervalMs: 1,
    hosts: { gateway: { open: HOST, settings: undefined } },
  });
  const crowd = new Crowd();
  try {
    await exchange.start();
    const { port } = (await exchange.hostOpen('gateway')) as { readonly port: number };
    await openReaders(crowd, port, load.readers);
    crowd.begin();
    const cpuBefore = cpuNow(exchange);
    const samples: EntrySample[] = [];
    let answeredBefore = 0;
    const end = await trade(port, load, (second) => {
      const lagMs = Object.fromEntries(exchangeStatus(exchange).lanes.map((lane) => [lane.sink, lane.lagMs]));
      const sample: EntrySample = {
        atSeconds: second.second,
        p99Ms: second.p99Ms,
        answeredPerSecond: second.answered - answeredBefore,
        lagMs,
        residentBytes: process.memoryUsage.rss(),
      };
      answeredBefore = second.answered;
      samples.push(sample);
      onSample(sample);
    });
    const { closed } = await crowd.report();
    const steady = samples.slice(4, -1);
    const answeredPerSecond =
      steady.reduce((sum, sample) => sum + sample.answeredPerSecond, 0) / Math.max(1, steady.length);
    const budget = { ...spent(cpuBefore, cpuNow(exchange), end.sent), traders: end.cpuMicrosPerOrder };
    return { end, samples, answeredPerSecond, budget, readersClosed: closed };
  } finally {
    await crowd.close();
    await close();
  }
}

async function openReaders(crowd: Crowd, port: number, readers: number): Promise<void> {
  const symbols = ['AAA-USD', 'BBB-USD', 'CCC-USD', 'DDD-USD'];
  const path = '/v1/socket/?EIO=4&transport=websocket';
  const onTrades = Math.round(readers / 10);
  const subscribe = (channels: readonly string[]) =>
    channels.flatMap((channel) =>
      symbols.map((symbol) => `420["subscribe",{"channel":"${channel}","symbol":"${symbol}"}]`),
    );
  const group = (sockets: number, channels: readonly string[]) =>
    crowd.open({ port, path, sockets, says: ['40', ...subscribe(channels)], readyFrames: 2 + symbols.length });
  await group(readers - onTrades, ['book', 'ticker']);
  await group(onTrades, ['trades']);
}

function trade(port: number, load: EntryLoad, onSecond: (second: TradersSecond) => void): Promise<TradersEnd> {
  const { ordersPerSecond, seconds, connections } = load;
  const child = spawn(
    process.execPath,
    [
      join(import.meta.dirname, 'order-traders.ts'),
      ...[port, ordersPerSecond, seconds, connections, FIRST_MIX_ACCOUNT].map(String),
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  return new Promise((resolve, reject) => {
    let end: TradersEnd | undefined;
    createInterface({ input: child.stdout! }).on('line', (line) => {
      const told = JSON.parse(line) as TradersSecond | TradersEnd;
      if ('refused' in told) end = told;
      else onSecond(told);
    });
    child.on('close', (code) =>
      end && code === 0 ? resolve(end) : reject(new Error(`the traders ended with ${code}`)),
    );
  });
}

type Exchange = Awaited<ReturnType<typeof openBenchExchange>>['exchange'];

function cpuNow(exchange: Exchange) {
  const own = process.cpuUsage();
  const main = process.threadCpuUsage();
  const gateway = exchangeStatus(exchange).lanes.find(({ sink }) => sink === 'gateway')?.figures.thread_cpu_ms ?? 0;
  return {
    main: (main.user + main.system) / 1e6,
    gateway: Number(gateway) / 1000,
    process: (own.user + own.system) / 1e6,
    stores: childProcesses(process.pid).reduce((sum, id) => sum + cpuSecondsOf(id), 0),
  };
}

function spent(before: ReturnType<typeof cpuNow>, after: ReturnType<typeof cpuNow>, orders: number) {
  const micros = (seconds: number) => (seconds * 1e6) / orders;
  const main = after.main - before.main;
  const gateway = after.gateway - before.gateway;
  return {
    'main thread': micros(main),
    gateway: micros(gateway),
    'journal and lanes': micros(after.process - before.process - main - gateway),
    'stores, traders and readers': micros(after.stores - before.stores),
  };
}
