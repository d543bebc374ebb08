/**
 * Traders in a process of their own: the published client, one connection an account, an open loop. Prints one line of JSON
 * a second while it runs, and one with everything at the end.
 *
 * `node order-traders.ts PORT ORDERS_PER_SECOND SECONDS CONNECTIONS FIRST_ACCOUNT`
 */
import { createClient } from '../../../gateway/client/create-client.ts';
import type { ExchangeSocket } from '../../../gateway/client/types.ts';
import type { Cancel, Place } from '../../../schemas/generated/records.ts';
import type { OrderItem } from '../../../schemas/socket-requests.ts';
import { quantile } from './open-loop.ts';
import { OrderMix } from './order-mix.ts';

export interface TradersSecond {
  readonly second: number;
  readonly sent: number;
  readonly answered: number;
  readonly failed: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}
export interface TradersEnd extends TradersSecond {
  readonly refused: { readonly [code: string]: number };
  readonly cpuMicrosPerOrder: number;
}

const WARM_SECONDS = 3;
const ITEMS_MAX = 20;
/** Orders of so long travel together. */
const FLUSH_MS = 4;
/** Messages that a connection has under way at most: beyond that the loop waits, and the wait is in the latency. */
const UNANSWERED_MAX = 64;
const SYMBOLS = ['', 'AAA-USD', 'BBB-USD', 'CCC-USD', 'DDD-USD'];

interface Trader {
  readonly socket: ExchangeSocket;
  readonly items: OrderItem[];
  readonly dueMs: number[];
  unanswered: number;
}

const [port, rate, seconds, connections, firstAccount] = process.argv.slice(2).map(Number) as [
  number,
  number,
  number,
  number,
  number,
];
const mix = new OrderMix(5, firstAccount, connections);
const traders: Trader[] = [];
for (let index = 0; index < connections; index++) {
  const credentials = { kind: 'token', token: `account-${firstAccount + index}` } as const;
  const socket = createClient({ url: `http://127.0.0.1:${port}`, credentials, timeoutMs: 30_000 }).socket();
  await socket.ready();
  traders.push({ socket, items: [], dueMs: [], unanswered: 0 });
}

let sent = 0;
let answered = 0;
let failed = 0;
const refused: { [code: string]: number } = {};
const all: number[] = [];
let ofSecond: number[] = [];
const beganMs = performance.now();
const msPerOrder = 1000 / rate;
const warm = rate * WARM_SECONDS;
const total = Math.round(rate * (seconds + WARM_SECONDS));
const cpuBefore = process.cpuUsage();

const ticker = setInterval(() => {
  const second = Math.round((performance.now() - beganMs) / 1000);
  process.stdout.write(`${JSON.stringify(summary(second, ofSecond))}\n`);
  ofSecond = [];
}, 1000);

let made = 0;
while (made < total || traders.some(({ items }) => items.length > 0)) {
  const nowMs = performance.now();
  const due = Math.min(total, Math.floor((nowMs - beganMs) / msPerOrder));
  for (; made < due; made++) {
    const command = mix.next(0);
    const trader = traders[command.account - firstAccount]!;
    trader.items.push(itemOf(command));
    trader.dueMs.push(made * msPerOrder);
  }
  for (const trader of traders) while (trader.items.length > 0 && trader.unanswered < UNANSWERED_MAX) send(trader);
  await new Promise((resolve) => setTimeout(resolve, FLUSH_MS));
}
const untilMs = performance.now() + 20_000;
while (traders.some(({ unanswered }) => unanswered > 0) && performance.now() < untilMs) {
  await new Promise((resolve) => setTimeout(resolve, 10));
}
clearInterval(ticker);
const { user, system } = process.cpuUsage(cpuBefore);
const end: TradersEnd = { ...summary(seconds, all), refused, cpuMicrosPerOrder: (user + system) / sent };
process.stdout.write(`${JSON.stringify(end)}\n`);
process.exit(0);

function send(trader: Trader): void {
  const items = trader.items.splice(0, ITEMS_MAX);
  const dueMs = trader.dueMs.splice(0, ITEMS_MAX);
  trader.unanswered++;
  sent += items.length;
  void trader.socket.batch(items).then((results) => {
    trader.unanswered--;
    answered += items.length;
    const nowMs = performance.now() - beganMs;
    for (const [index, result] of results.entries()) {
      if (!result.ok) {
        const code = result.error.kind === 'refused' ? result.error.code : result.error.kind;
        refused[code] = (refused[code] ?? 0) + 1;
        // A cancel that came after the fill was answered as it should be.
        if (code !== 'order_not_open') failed++;
      }
      if (dueMs[index]! < warm * msPerOrder) continue;
      const latencyMs = nowMs - dueMs[index]!;
      all.push(latencyMs);
      ofSecond.push(latencyMs);
    }
  });
}

function itemOf(command: Place | Cancel): OrderItem {
  if (command.type === 'cancel') return { op: 'cancel', order: `client:${command.clientOrderId}` };
  const { symbol, side, orderType, timeInForce, priceTicks, quantityLots, clientOrderId } = command;
  return {
    op: 'place',
    symbol: SYMBOLS[symbol]!,
    side,
    type: orderType,
    time_in_force: timeInForce,
    price: (priceTicks / 100).toFixed(2),
    quantity: (quantityLots / 10_000).toFixed(4),
    self_trade_mode: 'none',
    client_order_id: clientOrderId,
  };
}

function summary(second: number, latenciesMs: readonly number[]): TradersSecond {
  const p = (share: number) => quantile(latenciesMs, share);
  return { second, sent, answered, failed, p50Ms: p(0.5), p99Ms: p(0.99), maxMs: p(1) };
}
