/**
 * Golden vectors: text that a person reads from top to bottom, one command a row, beside it what the exchange says.
 *
 *     # A sentence of behaviour.
 *     given
 *       A has 1000 quote                    commands whose events are not shown
 *     when            | market              | accounts
 *       A buy 5 @ 100 | accepted A1, rests 5 | A1 holds 501 quote
 *     then
 *       A             | 499 + 501 quote     | 0 base        available + held
 *
 * A vector is played on the operators and on the naive exchange; both must give the text to the letter.
 */
import { matchOrders } from '../../operators/match-orders.ts';
import type { AnyRecord, SymbolConfig } from '../../schemas/generated/records.ts';
import type { AccountEvent, MarketEvent } from '../../schemas/logs.ts';
import { ExchangeLoop } from '../operators/exchange-loop.ts';
import * as make from '../operators/record-makers.ts';
import { NaiveExchange } from '../simulation/naive-exchange/naive-exchange.ts';
import { TradeLedger } from '../simulation/trade-ledger.ts';
import { FIRST_ACCOUNT, type GoldenSituation, readGoldenCommand } from './golden-commands.ts';
import { accountText, marketText } from './golden-events.ts';

/** Something that takes a record and says what it caused, market and accounts records in order. */
export interface GoldenExchange {
  apply(record: AnyRecord, timeMicros: number): { readonly log: string; readonly record: AnyRecord }[];
  checkInvariants(): void;
}

export function operatorsAsGolden(): GoldenExchange {
  const loop = new ExchangeLoop([], { match: matchOrders() as never });
  return {
    apply: (record, timeMicros) => loop.apply(record, timeMicros),
    checkInvariants: () => loop.checkInvariants(),
  };
}

export function naiveAsGolden(): GoldenExchange {
  const naive = new NaiveExchange({ accountPartitions: 1, symbolPartitions: 1 });
  return { apply: (record, timeMicros) => naive.apply(record, timeMicros), checkInvariants: () => {} };
}

const START_MICROS = 1_767_225_600_000_000;
const MARKET_HEAD = 'market';
const ACCOUNTS_HEAD = 'accounts';

interface Row {
  readonly command: string;
  readonly market: readonly string[];
  readonly accounts: readonly string[];
}

/** Plays the commands of a vector and returns its whole text with what the exchange said. */
export function playGolden(text: string, exchange: GoldenExchange): string {
  const { comments, given, when } = readGolden(text);
  const play = new GoldenPlay(exchange);
  for (const command of given) play.run(command);
  const rows = when.map((command) => play.run(command));
  exchange.checkInvariants();
  return render(comments, given, rows, play.balances());
}

function readGolden(text: string): { comments: string[]; given: string[]; when: string[] } {
  const comments: string[] = [];
  const given: string[] = [];
  const when: string[] = [];
  const sections = new Map([
    ['given', given],
    ['when', when],
    // What follows is written, not read: the balances.
    ['then', []],
  ]);
  let section: string[] | undefined;
  for (const line of text.split('\n')) {
    if (line.startsWith('#')) comments.push(line);
    else if (line.trim() !== '') {
      const first = (line.split('|')[0] ?? '').trimEnd();
      if (line.startsWith('  ')) {
        if (section === undefined) throw new Error(`"${line}" stands in no section`);
        if (first.trim() !== '') section.push(first.trim());
      } else {
        section = sections.get(first.trim());
        if (section === undefined) throw new Error(`section "${first}" is unknown; allowed: given, when, then`);
      }
    }
  }
  return { comments, given, when };
}

class GoldenPlay implements GoldenSituation {
  timeMicros = START_MICROS;
  symbol: SymbolConfig = make.symbolConfig();
  private readonly exchange: GoldenExchange;
  private readonly ledger = new TradeLedger();
  private readonly names = new Map<number, string>();
  private readonly counts = new Map<number, number>();
  private readonly held = new Map<string, number>();
  private readonly accounts = new Set<number>();
  private serial = 0;
  private ticks = 0;

  constructor(exchange: GoldenExchange) {
    this.exchange = exchange;
    for (const record of [...make.oneMarket()]) this.send(record);
    this.tick(1_000_000);
  }

  fresh(): number {
    return ++this.serial;
  }

  orderId(name: string): number {
    for (const [orderId, known] of this.names) if (known === name) return orderId;
    throw new Error(`there is no order ${name}`);
  }

  run(line: string): Row {
    const command = readGoldenCommand(line, this);
    const caused =
      command.kind === 'tick'
        ? this.tick(command.micros)
        : (command.kind === 'record' ? [command.record] : command.records).flatMap((record) => this.send(record));
    const names = { order: (id: number) => this.nameOf(id), account: letterOf };
    const market = caused
      .filter(({ log }) => log === 'market')
      .map(({ record }) => marketText(record as MarketEvent, names));
    const accounts = caused
      .filter(({ log }) => log === 'accounts')
      .map(({ record }) => accountText(record as AccountEvent, names));
    return {
      command: line,
      market: market.filter((each) => each !== null),
      accounts: accounts.filter((each) => each !== null),
    };
  }

  /** What each account has, available + held. */
  balances(): string[][] {
    return [...this.accounts].sort().map((account) => [
      letterOf(account),
      ...[make.QUOTE, make.BASE].map((asset) => {
        const owned = Number(this.ledger.amounts.get(`${account}/${asset}`) ?? 0n);
        const held = this.held.get(`${account}/${asset}`) ?? 0;
        return `${owned - held}${held === 0 ? '' : ` + ${held}`} ${asset === make.BASE ? 'base' : 'quote'}`;
      }),
    ]);
  }

  private tick(micros: number) {
    this.timeMicros += micros;
    return this.send({
      type: 'tick',
      symbol: 0 as AnyRecord['symbol'],
      seq: 0 as AnyRecord['seq'],
      number: ++this.ticks,
    });
  }

  private send(record: AnyRecord) {
    if (record.type === 'symbol_config') this.symbol = record;
    if (record.type === 'place') {
      const count = (this.counts.get(record.account) ?? 0) + 1;
      this.counts.set(record.account, count);
      // Named before it is judged, after the place that its id is made of; corrected below.
      this.names.set(-1, `${letterOf(record.account)}${count}`);
    }
    const caused = this.exchange.apply(record, this.timeMicros);
    for (const each of caused) this.learn(each.record);
    return caused;
  }

  private learn(record: AnyRecord): void {
    this.ledger.apply(record);
    if ('orderId' in record && record.orderId !== 0 && !this.names.has(record.orderId)) {
      const name = this.names.get(-1);
      if (name !== undefined) this.names.set(record.orderId, name);
      this.names.delete(-1);
    }
    switch (record.type) {
      case 'balance_change':
        this.accounts.add(record.account);
        break;
      case 'hold':
        this.hold(record.account, record.asset, record.amount);
        break;
      case 'fill':
        this.hold(
          record.account,
          record.side === 'buy' ? record.quoteAsset : record.baseAsset,
          -record.holdConsumed - record.released,
        );
        break;
      case 'release':
        this.hold(record.account, record.asset, -record.amount);
        break;
      case 'order_amended':
      case 'rejected':
        this.hold(record.account, record.asset, -record.released);
        break;
      default:
        break;
    }
  }

  private hold(account: number, asset: number, amount: number): void {
    const key = `${account}/${asset}`;
    this.held.set(key, (this.held.get(key) ?? 0) + amount);
  }

  private nameOf(orderId: number): string {
    return this.names.get(orderId) ?? (orderId === 0 ? 'nothing' : `order ${orderId}`);
  }
}

function letterOf(account: number): string {
  if (account === 0) return 'everybody';
  return account < FIRST_ACCOUNT
    ? `account ${account}`
    : String.fromCharCode('A'.charCodeAt(0) + account - FIRST_ACCOUNT);
}

function render(
  comments: readonly string[],
  given: readonly string[],
  rows: readonly Row[],
  balances: readonly string[][],
): string {
  const lines = rows.flatMap(({ command, market, accounts }) =>
    Array.from({ length: Math.max(1, market.length, accounts.length) }, (_, index) => [
      `  ${index === 0 ? command : ''}`,
      market[index] ?? '',
      accounts[index] ?? '',
    ]),
  );
  const table = aligned([['when', MARKET_HEAD, ACCOUNTS_HEAD], ...lines]);
  const ends = aligned([['then'], ...balances.map(([name = '', ...amounts]) => [`  ${name}`, ...amounts])]);
  const parts = [...comments, 'given', ...given.map((line) => `  ${line}`), ...table, ...ends];
  return `${parts.join('\n')}\n`;
}

/** Cells padded to columns, joined by bars. */
function aligned(rows: readonly (readonly string[])[]): string[] {
  const columns = Math.max(...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join(' | ')
      .trimEnd(),
  );
}
