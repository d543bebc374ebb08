/** The real sockets in front of views that are told trades by hand: everything of a gateway but the exchange behind it. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { GatewayRecord } from '../../../gateway/ports.ts';
import { attachSockets } from '../../../gateway/sockets/attach-sockets.ts';
import { DEFAULT_LIMITS } from '../../../gateway/sockets/socket-hub.ts';
import { configChanges } from '../../../schemas/config.ts';
import type { Envelope } from '../../../schemas/envelope.ts';
import type {
  AccountId,
  Amount,
  AnyRecord,
  Micros,
  OrderId,
  PriceTicks,
  QuantityLots,
  Sequence,
  SymbolId,
  Trade,
} from '../../../schemas/generated/records.ts';
import { type GatewayViews, gatewayViews } from '../../../sinks/gateway-views/gateway-views.ts';
import { benchProject } from './bench-exchange.ts';

export const SYMBOLS = ['AAA-USD', 'BBB-USD', 'CCC-USD', 'DDD-USD'] as const;

export interface PublicGateway {
  readonly port: number;
  /** So many trades on every symbol, now. */
  trade(count: number): void;
  connections(): number;
  close(): Promise<void>;
}

export async function publicGateway(): Promise<PublicGateway> {
  const views = (await gatewayViews().open({} as never)) as GatewayViews;
  let listener: (batch: readonly GatewayRecord[]) => void = () => {};
  let offset = 0;
  const tell = (records: readonly AnyRecord[], log: string): void => {
    const occurredAt = nowMicros();
    const batch: GatewayRecord[] = [];
    for (const record of records) {
      const envelope: Envelope = {
        eventId: 0,
        causationId: 0,
        correlationId: 0,
        occurredAt: occurredAt as Micros,
        eventVersion: 1,
        traceparent: null,
      };
      const place = { log, partition: 0, firstOffset: offset, lastOffset: offset, lastTimeMicros: occurredAt };
      void views.write({ ...place, records: [record], envelopes: [envelope], outputs: {} });
      batch.push({ log, partition: 0, offset: offset++, occurredAt, correlationId: 0, record });
    }
    listener(batch);
  };
  const { records } = configChanges(benchProject().config, []);
  tell(
    records.filter(({ type }) => type === 'asset_config'),
    'accounts',
  );
  tell(
    records.filter(({ type }) => type === 'symbol_config'),
    'market',
  );
  const server = createServer();
  const sockets = attachSockets(
    server,
    {
      views,
      feed: {
        hear: (hears) => {
          listener = hears;
          return () => {};
        },
      },
      clock: { nowMicros },
      commands: {
        submit: () => Promise.reject(new Error('nobody trades here')),
        submitBatch: () => Promise.reject(new Error('nobody trades here')),
      },
      commandExpiryMicros: 1_000_000,
      candleIntervals: [],
      newId: () => 'id',
      failed: (error) => {
        throw error;
      },
      accountOf: () => undefined,
    },
    { limits: DEFAULT_LIMITS },
  );
  await new Promise<void>((resolve) => server.listen({ port: 0, host: '127.0.0.1', backlog: 4096 }, resolve));
  let seq = 1;
  return {
    port: (server.address() as AddressInfo).port,
    trade(count) {
      const trades: Trade[] = [];
      for (let index = 0; index < count; index++) {
        seq++;
        for (let symbol = 1; symbol <= SYMBOLS.length; symbol++) trades.push(tradeOf(symbol, seq));
      }
      tell(trades, 'market');
    },
    connections: () => sockets.figures().connections,
    async close() {
      await sockets.close();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function nowMicros(): number {
  return Math.round((performance.timeOrigin + performance.now()) * 1000);
}

function tradeOf(symbol: number, seq: number): Trade {
  return {
    type: 'trade',
    symbol: symbol as SymbolId,
    seq: seq as Sequence,
    priceTicks: (100_000 + (seq % 100)) as PriceTicks,
    quantityLots: (1 + (seq % 40)) as QuantityLots,
    quoteAmount: 1 as Amount,
    takerSide: 'buy',
    takerOrderId: 1 as OrderId,
    makerOrderId: 2 as OrderId,
    takerAccount: 1000 as AccountId,
    makerAccount: 1001 as AccountId,
    takerCumulativeLots: 1 as QuantityLots,
    takerOpenLots: 0 as QuantityLots,
    makerCumulativeLots: 1 as QuantityLots,
    makerOpenLots: 0 as QuantityLots,
    auction: false,
  };
}
