/** What a small market durably said, command by command, to be told to gateways of a simulation. */

import type { GatewayRecord } from '../../../../gateway/ports.ts';
import type { AnyRecord, Fill, Hold } from '../../../../schemas/generated/records.ts';
import { SeededRandom } from '../../../../sources/market-simulator/random.ts';
import { ExchangeLoop, type LoopRecord } from '../../../operators/exchange-loop.ts';
import * as make from '../../../operators/record-makers.ts';

export const SYMBOL_NAME = 'BASE-QUOTE';
export const TRADERS = [100, 101, 102] as const;

export interface MarketScript {
  /** Configuration and money, told before anybody connects. */
  readonly opening: readonly (readonly GatewayRecord[])[];
  /** One command each, whole. */
  readonly steps: readonly (readonly GatewayRecord[])[];
  /** The clock goes on when nothing else does. */
  readonly after: readonly (readonly GatewayRecord[])[];
}

export function marketScript(seed: number, commands: number): MarketScript {
  const random = new SeededRandom(seed, 7);
  const loop = new ExchangeLoop(make.oneMarket({ maxPriceTicks: 1_000 as never }, { makerPpm: 1000, takerPpm: 1500 }));
  const opening = [told(loop.records)];
  for (const account of TRADERS) {
    for (const asset of [make.BASE, make.QUOTE]) {
      opening.push(
        told(loop.apply(make.deposit({ account, asset, amount: 50_000_000, depositId: `d-${account}-${asset}` }))),
      );
    }
  }
  const steps: GatewayRecord[][] = [];
  const open = new Map<number, number>();
  for (let count = 0; count < commands; count++) {
    if (count % 20 === 19) {
      steps.push(told(loop.tick()));
      continue;
    }
    loop.timeMicros += 1000 + random.below(20_000);
    const records = loop.apply(command(random, open, count));
    for (const { record } of records) follow(record, open);
    steps.push(told(records));
  }
  return { opening, steps, after: [told(loop.tick()), told(loop.tick()), told(loop.tick())] };
}

function command(random: SeededRandom, open: ReadonlyMap<number, number>, count: number): AnyRecord {
  const account = TRADERS[random.below(TRADERS.length)]!;
  const [orderId, owner] = [...open][random.below(Math.max(open.size, 1))] ?? [0, 0];
  const draw = random.fraction();
  if (draw < 0.2 && orderId > 0) return make.cancel({ account: owner, orderId });
  if (draw < 0.3 && orderId > 0) {
    return make.amend({
      account: owner,
      orderId,
      priceTicks: 490 + random.below(20),
      quantityLots: 1 + random.below(60),
    });
  }
  if (draw < 0.33) return make.cancelAll({ account });
  if (draw < 0.36) return make.place({ account, clientOrderId: `x-${count}`, priceTicks: 500, quantityLots: 900_000 });
  const side = random.chance(0.5) ? 'buy' : 'sell';
  const away = random.below(30) - 4;
  return make.place({
    account,
    clientOrderId: `o-${count}`,
    side,
    priceTicks: side === 'buy' ? 500 - away : 501 + away,
    quantityLots: 1 + random.below(50),
    timeInForce: random.chance(0.1) ? 'ioc' : 'gtc',
  });
}

/** Keeps who has which order open. */
function follow(record: AnyRecord, open: Map<number, number>): void {
  if (record.type === 'hold' && record.command === 'place') open.set(record.orderId, record.account);
  const ended =
    (record.type === 'fill' && record.openLots === 0) ||
    (record.type === 'release' && record.openLots === 0) ||
    (record.type === 'rejected' && record.command === 'place');
  if (ended) open.delete((record as Fill | Hold).orderId);
}

/** What a gateway reads of it. */
function told(records: readonly LoopRecord[]): GatewayRecord[] {
  return records
    .filter(({ log }) => log === 'market' || log === 'accounts')
    .map(({ log, partition, offset, timeMicros, record }) => ({
      log,
      partition,
      offset,
      occurredAt: timeMicros,
      correlationId: 0,
      record,
    }));
}
