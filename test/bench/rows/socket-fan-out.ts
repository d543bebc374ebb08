import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocket, WebSocketServer } from 'ws';
import { type BenchOptions, comparedRow, measuredOf, type Row } from '../bench-row.ts';
import { Crowd } from '../load/crowd.ts';
import { quantile } from '../load/open-loop.ts';
import { publicGateway, SYMBOLS } from '../load/public-gateway.ts';

export const name = 'socket-fan-out';
export const summary = 'trades and tickers to many sockets, beside a bare ws server that sends the same';

/** Trades in frames of 50 ms on four symbols, tickers every 200 ms: 100 messages a second for each socket. */
const TRADES_EVERY_MS = 50;
const TICKERS_EVERY_MS = 200;

interface Run {
  readonly deliveriesPerCpuSecond: number;
  readonly p99Ms: number;
  readonly perSocketSecond: number;
}

export async function rows({ quick, say }: BenchOptions): Promise<Row[]> {
  const sockets = quick ? 200 : 1_000;
  const seconds = quick ? 3 : 10;
  const repetitions = quick ? 1 : 3;
  const ours: Run[] = [];
  const bare: Run[] = [];
  for (let round = 0; round < repetitions; round++) {
    say(`socket-fan-out: ${sockets} sockets, ${seconds} s, round ${round + 1}`);
    ours.push(await runGateway(sockets, seconds));
    bare.push(await runBare(sockets, seconds));
  }
  const of = (runs: readonly Run[], figure: keyof Run) => measuredOf(runs.map((run) => run[figure]));
  const rate = of(ours, 'perSocketSecond').median;
  const note = `${sockets} sockets at ${rate.toFixed(0)} messages a second each, readers in a process of their own; CPU of the serving process`;
  return [
    comparedRow(
      'socket fan-out, deliveries per CPU second',
      '1/s',
      of(ours, 'deliveriesPerCpuSecond'),
      { name: 'bare ws, the same messages', ...of(bare, 'deliveriesPerCpuSecond') },
      repetitions,
      note,
    ),
    comparedRow(
      'trade to socket, p99',
      'ms',
      of(ours, 'p99Ms'),
      { name: 'bare ws, sent at once', ...of(bare, 'p99Ms') },
      repetitions,
      `${note}; a frame waits up to ${TRADES_EVERY_MS} ms for the trades that go with it`,
    ),
  ];
}

async function runGateway(sockets: number, seconds: number): Promise<Run> {
  const gateway = await publicGateway();
  const crowd = new Crowd();
  try {
    gateway.trade(1);
    const subscriptions = SYMBOLS.flatMap((symbol) => [
      `420["subscribe",{"channel":"trades","symbol":"${symbol}"}]`,
      `420["subscribe",{"channel":"ticker","symbol":"${symbol}"}]`,
    ]);
    await crowd.open({
      port: gateway.port,
      path: '/v1/socket/?EIO=4&transport=websocket',
      sockets,
      says: ['40', ...subscriptions],
      // Open, connected, and an acknowledgement and a snapshot of each.
      readyFrames: 2 + subscriptions.length * 2,
    });
    const publishing = setInterval(() => gateway.trade(2), TRADES_EVERY_MS);
    try {
      return await measure(crowd, sockets, seconds);
    } finally {
      clearInterval(publishing);
    }
  } finally {
    await crowd.close();
    await gateway.close();
  }
}

async function runBare(sockets: number, seconds: number): Promise<Run> {
  const server = createServer();
  const wss = new WebSocketServer({ server, perMessageDeflate: false });
  await new Promise<void>((resolve) => server.listen({ port: 0, host: '127.0.0.1', backlog: 4096 }, resolve));
  const crowd = new Crowd();
  try {
    const { port } = server.address() as AddressInfo;
    await crowd.open({ port, path: '/', sockets, says: [], readyFrames: 0 });
    const send = (text: string): void => {
      for (const client of wss.clients) if (client.readyState === WebSocket.OPEN) client.send(text);
    };
    let seq = 0;
    const trades = setInterval(() => {
      for (const symbol of SYMBOLS) send(tradesText(symbol, (seq += 2)));
    }, TRADES_EVERY_MS);
    const tickers = setInterval(() => {
      for (const symbol of SYMBOLS) send(tickerText(symbol, seq));
    }, TICKERS_EVERY_MS);
    try {
      return await measure(crowd, sockets, seconds);
    } finally {
      clearInterval(trades);
      clearInterval(tickers);
    }
  } finally {
    await crowd.close();
    for (const client of wss.clients) client.terminate();
    wss.close();
    await new Promise((resolve) => server.close(resolve));
  }
}

async function measure(crowd: Crowd, sockets: number, seconds: number): Promise<Run> {
  // Code is compiled and buffers are grown in the first second.
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  crowd.begin();
  const before = process.cpuUsage();
  await new Promise((resolve) => setTimeout(resolve, seconds * 1_000));
  const { user, system } = process.cpuUsage(before);
  const { frames, tookMs, latenciesMs, closed } = await crowd.report();
  if (closed > 0) throw new Error(`${closed} sockets were closed`);
  return {
    deliveriesPerCpuSecond: frames / ((user + system) / 1e6),
    p99Ms: quantile(latenciesMs, 0.99),
    perSocketSecond: frames / sockets / (tookMs / 1000),
  };
}

/** The text of the same messages, byte for byte as long as the gateway's. */
function tradesText(symbol: string, seq: number): string {
  const time = new Date().toISOString();
  const trade = (id: number) =>
    `{"trade_id":"${id}","price":"1000.${(id % 90) + 10}","quantity":"0.0012","taker_side":"buy","time":"${time}"}`;
  return `42["frame",{"channel":"trades","symbol":"${symbol}","epoch":"1","seq":${seq},"prevSeq":${seq - 2},"type":"delta","time":"${time}","data":[${trade(seq - 1)},${trade(seq)}]}]`;
}

function tickerText(symbol: string, seq: number): string {
  const time = new Date().toISOString();
  return `42["frame",{"channel":"ticker","symbol":"${symbol}","epoch":"1","seq":${seq},"prevSeq":${seq - 8},"type":"delta","time":"${time}","data":{"state":"trading","last":"1000.12","bid":null,"bid_quantity":null,"ask":null,"ask_quantity":null,"open_24h":null,"high_24h":null,"low_24h":null,"change_24h":null,"volume_24h":"0","quote_volume_24h":"0","trades_24h":0}}]`;
}
