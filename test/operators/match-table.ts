import assert from 'node:assert/strict';
import type { Emit, Moment, Operator } from '../../operators/contract.ts';
import { type MatchPorts, matchOrders } from '../../operators/match-orders.ts';
import type {
  Admin,
  AnyRecord,
  CancelReason,
  Micros,
  SelfTradeMode,
  Sequence,
  SymbolConfig,
  SymbolId,
  TimeInForce,
  TradingState,
} from '../../schemas/generated/records.ts';
import type { OrderCommand } from '../../schemas/logs.ts';
import { admin, SYMBOL, symbolConfig } from './record-makers.ts';

const modes: readonly SelfTradeMode[] = ['none', 'cancel_newest', 'cancel_oldest', 'cancel_both', 'decrement'];
const timesInForce: readonly string[] = ['gtc', 'ioc', 'fok', 'gtd'] satisfies TimeInForce[];

/**
 * A market on its own: admitted commands in, records out. `apply` gives what one command caused, in order, one line a
 * record. To the market log:
 *
 *     accepted 1 rests 5            trade 5@100 2x1 (0 2)         prevented 5@100 2x1 cancel_newest
 *     cancelled 1 5 user            amended 1 7@101 rests 7       rejected place 1 book_full
 *     state halted, was trading     indicative 6@98 +3            reference 100              tick 7    config 2
 *
 * On the way back, to risk: `A:` the account, then
 *
 *     A: 1 trades 5@100 taker, open 2@101         A: 1 cancelled user, open 0         A: 1 amended, open 7@101
 */
export class MatchRun {
  readonly operator: Operator<OrderCommand, MatchPorts>;
  timeMicros = 1_000;
  #ticks = 0;
  #seq = 0;
  #lines: string[] = [];
  readonly #out: Emit<MatchPorts> = {
    events: (record) => {
      this.#count(record);
      this.#lines.push(told(record));
    },
    fills: (record, partition) => {
      this.#lines.push(partition === undefined ? told(record) : `${told(record)} to commands ${partition}`);
    },
  };

  constructor(config: Partial<SymbolConfig> | undefined = {}, commandPartitions = 1) {
    this.operator = matchOrders().create({
      partition: 0,
      partitions: { commands: commandPartitions },
      shared: (_, make) => make(),
    });
    if (config !== undefined) this.apply(symbolConfig(config as Parameters<typeof symbolConfig>[0]));
  }

  apply(record: OrderCommand): string[] {
    this.#lines = [];
    const moment: Moment = {
      timeMicros: this.timeMicros as Micros,
      position: 0,
      offset: 0,
      partition: 0,
      correlationId: 77,
    };
    this.operator.apply(record, moment, this.#out);
    this.operator.checkInvariants();
    return this.#lines;
  }

  /** One row of a table: see `checkMatchTable`. */
  row(command: string): string[] {
    const [verb = '', ...words] = command.split(/\s+/);
    switch (verb) {
      case 'buy':
      case 'sell':
        return this.apply(placeOf(verb, words));
      case 'amend': {
        const [lots, price] = words[2]!.split('@');
        return this.apply(amendOf(accountOf(words[1]!), Number(words[0]), Number(price), Number(lots)));
      }
      case 'cancel':
        return this.apply(cancelOf(accountOf(words[1]!), Number(words[0]), (words[2] ?? 'user') as CancelReason));
      case 'cancel_all':
        return this.apply(cancelAllOf(accountOf(words[0]!), (words[1] ?? 'cancel_all') as CancelReason));
      case 'state':
        return this.apply(
          admin({
            symbol: SYMBOL,
            action: 'set_market_state',
            marketState: words[0] as TradingState,
            until: Number(words[1] ?? 0),
            reason: 'asked for',
            requestedBy: 'ops',
          }),
        );
      case 'admin':
        return this.apply(admin({ symbol: Number(words[1] ?? SYMBOL), action: words[0] as Admin['action'] }));
      case 'tick':
        this.timeMicros = Number(words[0]);
        return this.apply({ type: 'tick', symbol: 0 as SymbolId, seq: 0 as Sequence, number: ++this.#ticks });
      default:
        throw new Error(`no such command: ${command}`);
    }
  }

  #count(record: AnyRecord): void {
    if (record.symbol === 0) assert.equal(record.seq, 0);
    else assert.equal(record.seq, ++this.#seq, 'seq is dense over the records of the symbol');
  }
}

/**
 * Runs a table against a market: a command to the left, and to the right what it caused, the records parted by `;`.
 *
 *     buy 1 A 5@100                  also: ioc fok gtd:TIME post market budget:UNITS group:N stp:MODE
 *     amend 1 A 3@99 · cancel 1 A · cancel_all A · state halted [UNTIL] · admin ACTION · tick TIME
 */
export function checkMatchTable(table: string, run: MatchRun = new MatchRun()): void {
  const actual: string[] = [];
  const expected: string[] = [];
  for (const row of table.split('\n')) {
    if (row.trim() === '') continue;
    const [command = '', outcome = ''] = row.split('|');
    const tidy = command.trim().replaceAll(/\s+/g, ' ');
    expected.push(`${tidy} | ${outcome.trim()}`);
    actual.push(`${tidy} | ${run.row(tidy).join('; ')}`);
  }
  assert.equal(actual.join('\n'), expected.join('\n'));
}

function placeOf(side: 'buy' | 'sell', [id, account, size, ...words]: string[]): OrderCommand {
  const [lots, price] = size!.split('@');
  const wordAfter = (name: string): string | undefined =>
    words.find((word) => word.startsWith(`${name}:`))?.slice(name.length + 1);
  const market = words.includes('market');
  const timeInForce = words.map((word) => word.split(':')[0]!).find((word) => timesInForce.includes(word));
  return {
    type: 'admitted_place',
    symbol: SYMBOL,
    seq: 0,
    account: accountOf(account!),
    orderId: Number(id),
    side,
    orderType: market ? 'market' : 'limit',
    timeInForce: timeInForce ?? (market ? 'ioc' : 'gtc'),
    postOnly: words.includes('post'),
    priceTicks: Number(price),
    quantityLots: Number(lots),
    budget: Number(wordAfter('budget') ?? 0),
    selfTradeMode: modes.find((mode) => mode.endsWith(wordAfter('stp') ?? 'none')) ?? 'none',
    tradeGroup: Number(wordAfter('group') ?? 0),
    expiresAt: Number(wordAfter('gtd') ?? 0),
    feeVersion: 1,
  } as unknown as OrderCommand;
}

function amendOf(account: number, orderId: number, priceTicks: number, quantityLots: number): OrderCommand {
  const fields = { symbol: SYMBOL, seq: 0, account, orderId, requestId: 500 + orderId, priceTicks, quantityLots };
  return { type: 'admitted_amend', ...fields } as unknown as OrderCommand;
}

function cancelOf(account: number, orderId: number, reason: CancelReason): OrderCommand {
  const fields = { symbol: SYMBOL, seq: 0, account, orderId, requestId: 600 + orderId, reason };
  return { type: 'admitted_cancel', ...fields } as unknown as OrderCommand;
}

function cancelAllOf(account: number, reason: CancelReason): OrderCommand {
  const fields = { symbol: SYMBOL, seq: 0, account, requestId: 700, reason };
  return { type: 'admitted_cancel_all', ...fields } as unknown as OrderCommand;
}

/** A is 100, B 101 and so on; 0 is nobody. */
function accountOf(letter: string): number {
  return letter === '0' ? 0 : letter.charCodeAt(0) - 65 + 100;
}

function letterOf(account: number): string {
  return String.fromCharCode(account - 100 + 65);
}

function told(record: AnyRecord): string {
  switch (record.type) {
    case 'accepted':
      return `accepted ${record.orderId} rests ${record.restingLots}`;
    case 'trade': {
      const how = record.auction ? ' auction' : '';
      const met = `${record.makerOrderId}x${record.takerOrderId} (${record.makerOpenLots} ${record.takerOpenLots})`;
      assert.equal(record.quoteAmount, record.priceTicks * record.quantityLots);
      return `trade ${record.quantityLots}@${record.priceTicks} ${met}${how}`;
    }
    case 'prevented_match': {
      const met = `${record.makerOrderId}x${record.takerOrderId}`;
      return `prevented ${record.quantityLots}@${record.priceTicks} ${met} ${record.mode}`;
    }
    case 'cancelled':
      return `cancelled ${record.orderId} ${record.cancelledLots} ${record.reason}${record.wasResting ? '' : ' at once'}`;
    case 'amended': {
      const place = record.keptPriority ? ' kept' : '';
      return `amended ${record.orderId} ${record.quantityLots}@${record.priceTicks} rests ${record.openLots}${place}`;
    }
    case 'rejected':
      assert.equal(record.stage, 'match');
      return `rejected ${record.command} ${record.orderId} ${record.reason}`;
    case 'market_state': {
      const until = record.until === 0 ? '' : ` until ${record.until}`;
      return `state ${record.state}${until}, was ${record.previousState}`;
    }
    case 'auction_indicative':
      return `indicative ${record.matchedLots}@${record.priceTicks} +${record.surplusLots}`;
    case 'reference_price':
      return `reference ${record.priceTicks}`;
    case 'cancel_all_done':
      return `done ${record.account === 0 ? '0' : letterOf(record.account)} ${record.orders} ${record.reason}`;
    case 'symbol_config':
      return `config ${record.version}`;
    case 'tick':
      return `tick ${record.number}`;
    case 'execution': {
      const size = `${record.quantityLots}@${record.priceTicks} ${record.liquidity}`;
      const open = record.openLots === 0 ? '0' : `${record.openLots}@${record.openPriceTicks}`;
      return `${letterOf(record.account)}: ${record.orderId} trades ${size}, open ${open}`;
    }
    case 'order_update': {
      const reason = record.rejectReason ?? record.cancelReason;
      const open = record.openLots === 0 ? '0' : `${record.openLots}@${record.openPriceTicks}`;
      const why = reason === null ? '' : ` ${reason}`;
      return `${letterOf(record.account)}: ${record.orderId} ${record.outcome}${why}, open ${open}`;
    }
    default:
      throw new Error(`match does not emit ${record.type}`);
  }
}
