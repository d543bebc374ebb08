/**
 * The market simulator as a source: it hears the durable market log, decides at each clock record, and offers each
 * command when it is due. What it decides depends on seed, clock records and market log alone; a timer here only says
 * when an already decided command is sent.
 */
import type { HeadInput, Source, SourceContext, SourceDefinition } from '../pipelines/runtime/ports.ts';
import type {
  AccountId,
  Amend,
  Cancel,
  CancelAll,
  Deposit,
  Micros,
  Place,
  PriceTicks,
  Sequence,
  SymbolId,
} from '../schemas/generated/records.ts';
import { recordSet } from '../schemas/logs.ts';
import { FIRST_HOUSE_ACCOUNT, MarketSimulator, type SimulatedCommand } from './market-simulator/market-simulator.ts';

export interface SimulatorSettings {
  readonly seed: number;
  readonly accounts: number;
  readonly ordersPerSecond: number;
}

type HouseCommand = Place | Amend | Cancel | CancelAll | Deposit;

export interface SimulatedMarket extends Source {
  /** Undefined where the configuration has no simulator. */
  readonly simulator: MarketSimulator | undefined;
}

/** Decided commands that may wait for their due time; beyond that the simulator skips ticks, as a slow market would. */
const WAITING_MAX = 100_000;
const SEND_EVERY_MS = 10;

export function simulatedMarket(): SourceDefinition<{ commands: HouseCommand }> {
  return {
    name: 'market-simulator',
    outputs: { commands: recordSet('HouseCommand', ['place', 'amend', 'cancel', 'cancel_all', 'deposit'] as const) },
    async open(context) {
      const settings = (context.config as { readonly simulator?: SimulatorSettings }).simulator;
      if (!settings) return { simulator: undefined, start() {}, async stop() {} } satisfies SimulatedMarket;
      return openMarket(context, settings);
    },
  };
}

function openMarket(context: SourceContext<{ commands: HouseCommand }>, settings: SimulatorSettings): SimulatedMarket {
  const { feed, clock } = context;
  const simulator = new MarketSimulator(
    settings,
    context.inForce.filter((record) => record.type === 'asset_config'),
    context.inForce.filter((record) => record.type === 'symbol_config'),
  );
  let waiting: SimulatedCommand[] = [];
  let cancel = () => {};
  let stopped = false;
  const send = () => {
    const now = clock.nowMicros();
    let due = 0;
    while (due < waiting.length && waiting[due]!.dueMicros <= now) due++;
    const inputs: HeadInput[] = waiting
      .slice(0, due)
      .map(({ record, dueMicros }) => ({ record, stampedMicros: dueMicros }));
    if (feed.offer('commands', inputs)) waiting = waiting.slice(due);
    if (!stopped) cancel = clock.after(SEND_EVERY_MS, send);
  };
  return {
    simulator,
    start() {
      if (!context.fresh) {
        const left = houseCleaning(settings.accounts).map((record) => ({ record, stampedMicros: clock.nowMicros() }));
        feed.offer('commands', left);
        simulator.adopt({ timeMicros: context.lastTick.timeMicros, lastPrices: lastPrices(context), orders: [] });
      }
      let tickMicros = context.lastTick.timeMicros;
      context.sees((batch) => {
        for (const { record, occurredAt } of batch) {
          if (record.type !== 'tick') simulator.onMarketRecord(record);
          else if (occurredAt > tickMicros && waiting.length < WAITING_MAX) {
            // Every market partition has its copy of the tick; the first one counts.
            tickMicros = occurredAt;
            simulator.onTick(occurredAt);
            waiting = waiting.concat(simulator.take());
          }
        }
      });
      send();
    },
    async stop() {
      stopped = true;
      cancel();
    },
  };
}

/** After a restart the house begins with empty books of its own: what it left open is cancelled. */
function houseCleaning(accounts: number): CancelAll[] {
  return Array.from({ length: accounts }, (_, index) => ({
    type: 'cancel_all',
    symbol: 0 as SymbolId,
    seq: 0 as Sequence,
    account: (FIRST_HOUSE_ACCOUNT + index) as AccountId,
    reason: 'cancel_all',
    validUntil: 0 as Micros,
  }));
}

function lastPrices(context: SourceContext<{ commands: HouseCommand }>): Map<SymbolId, PriceTicks> {
  const prices = new Map<SymbolId, PriceTicks>();
  for (const record of context.inForce) {
    if (record.type === 'reference_price') prices.set(record.symbol, record.priceTicks);
  }
  return prices;
}
