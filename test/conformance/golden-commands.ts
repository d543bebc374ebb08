/**
 * The commands of a golden vector, as a person writes them:
 *
 *     A has 1000 quote, 50 base            deposits
 *     A withdraws 10 quote (id w1)         also: A deposits 10 quote (id d1); adjust A by -5 quote
 *     A buy 5 @ 101                        a limit order; words after it: ioc fok gtd+3s post-only stp=MODE id=x valid-1s
 *     A sell market 5 worst 98             by quantity; `worst` is optional
 *     A buy market for 500                 by budget
 *     A cancel A1      A cancel id=x       A1: A's first order
 *     A amend A1 to 3  A amend A1 @ 99     A amend A1 to 3 @ 99
 *     A cancel all
 *     tick +1s                             a clock record
 *     market halted until +5s              any state; also: auction, uncross, kill switch, cancel everything
 *     account A suspended                  group A 1
 *     rules max_resting=2 band=5%          fees maker=10bps taker=15bps in=quote; limits open=2 rate=5; memory 2
 */
import type {
  AccountState,
  AnyRecord,
  SelfTradeMode,
  SymbolConfig,
  TradingState,
} from '../../schemas/generated/records.ts';
import { enumSymbols } from '../../schemas/generated/records.ts';
import * as make from '../operators/record-makers.ts';

export const FIRST_ACCOUNT = 100;
const ASSETS: { readonly [name: string]: number } = { base: make.BASE, quote: make.QUOTE };
const SECOND = 1_000_000;

/** What a command refers to besides its own words. */
export interface GoldenSituation {
  /** Log time of the next command. */
  readonly timeMicros: number;
  readonly symbol: SymbolConfig;
  /** Order id of A1, B2 and the like. */
  orderId(name: string): number;
  /** A number that no command had before, for ids and versions. */
  fresh(): number;
}

export type GoldenCommand =
  | { readonly kind: 'record'; readonly record: AnyRecord }
  | { readonly kind: 'records'; readonly records: readonly AnyRecord[] }
  | { readonly kind: 'tick'; readonly micros: number };

/** Reads one line. Throws with the line when it is not understood. */
export function readGoldenCommand(line: string, situation: GoldenSituation): GoldenCommand {
  for (const [pattern, read] of GRAMMAR) {
    const match = pattern.exec(line);
    if (match !== null) return read(match, situation);
  }
  throw new Error(`"${line}" is not understood; golden-commands.ts lists what is`);
}

export function accountOf(letter: string): number {
  return FIRST_ACCOUNT + letter.charCodeAt(0) - 'A'.charCodeAt(0);
}

type Reader = (match: RegExpExecArray, situation: GoldenSituation) => GoldenCommand;

const record = (made: AnyRecord): GoldenCommand => ({ kind: 'record', record: made });

const GRAMMAR: readonly (readonly [RegExp, Reader])[] = [
  [
    /^([A-F]) has (.+)$/,
    ([, letter = '', list = ''], situation) => ({
      kind: 'records',
      records: list.split(', ').map((part) => {
        const [amount = '', asset = ''] = part.split(' ');
        const depositId = `d${situation.fresh()}`;
        return make.deposit({ account: accountOf(letter), asset: assetOf(asset), amount: Number(amount), depositId });
      }),
    }),
  ],
  [
    /^([A-F]) (deposits|withdraws) (-?\d+) (\w+) \(id (\w+)\)$/,
    ([, letter = '', verb, amount, asset = '', id = '']) => {
      const fields = { account: accountOf(letter), asset: assetOf(asset), amount: Number(amount) };
      return record(
        verb === 'deposits'
          ? make.deposit({ ...fields, depositId: id })
          : make.withdraw({ ...fields, withdrawalId: id }),
      );
    },
  ],
  [
    /^adjust ([A-F]) by (-?\d+) (\w+)$/,
    ([, letter = '', amount, asset = ''], situation) =>
      record(
        make.adjust({
          account: accountOf(letter),
          asset: assetOf(asset),
          amount: Number(amount),
          adjustmentId: `a${situation.fresh()}`,
        }),
      ),
  ],
  [
    /^([A-F]) (buy|sell) (-?\d+) @ (-?\d+)((?: \S+)*)$/,
    ([, letter = '', side, lots, price, words = ''], situation) =>
      record(
        make.place({
          account: accountOf(letter),
          side: sideOf(side),
          quantityLots: Number(lots),
          priceTicks: Number(price),
          ...wordsOf(words, situation),
        }),
      ),
  ],
  [
    /^([A-F]) (buy|sell) market (?:for (\d+)|(\d+))(?: worst (\d+))?((?: \S+)*)$/,
    ([, letter = '', side, budget, lots, worst, words = ''], situation) =>
      record(
        make.market({
          account: accountOf(letter),
          side: sideOf(side),
          quantityLots: Number(lots ?? 0),
          budget: Number(budget ?? 0),
          priceTicks: Number(worst ?? 0),
          ...wordsOf(words, situation),
        }),
      ),
  ],
  [
    /^([A-F]) cancel (all|id=\S+|[A-F]\d+)((?: \S+)*)$/,
    ([, letter = '', target = '', words = ''], situation) => {
      const account = accountOf(letter);
      const { validUntil } = wordsOf(words, situation);
      const valid = validUntil === undefined ? {} : { validUntil };
      if (target === 'all') return record(make.cancelAll({ account, ...valid }));
      return record(make.cancel({ account, ...named(target, situation), ...valid }));
    },
  ],
  [
    /^([A-F]) amend (id=\S+|[A-F]\d+)(?: to (-?\d+))?(?: @ (-?\d+))?$/,
    ([, letter = '', target = '', lots, price], situation) =>
      record(
        make.amend({
          account: accountOf(letter),
          ...named(target, situation),
          quantityLots: Number(lots ?? 0),
          priceTicks: Number(price ?? 0),
        }),
      ),
  ],
  [/^tick \+(\S+)$/, ([, span = '']) => ({ kind: 'tick', micros: spanOf(span) })],
  [
    /^market (\w+)(?: until \+(\S+))?$/,
    ([, state = '', span], situation) =>
      record(
        make.admin({
          action: 'set_market_state',
          symbol: make.SYMBOL,
          marketState: stateOf(state),
          until: span === undefined ? 0 : situation.timeMicros + spanOf(span),
        }),
      ),
  ],
  [/^auction$/, () => record(make.admin({ action: 'open_auction', symbol: make.SYMBOL }))],
  [/^uncross$/, () => record(make.admin({ action: 'uncross', symbol: make.SYMBOL, reason: '' }))],
  [/^kill switch$/, () => record(make.admin({ action: 'kill_switch', symbol: make.SYMBOL }))],
  [
    /^kill switch of ([A-F])$/,
    ([, letter = '']) => record(make.admin({ action: 'kill_switch', account: accountOf(letter) })),
  ],
  [/^cancel everything$/, () => record(make.admin({ action: 'cancel_all', symbol: make.SYMBOL }))],
  [
    /^account ([A-F]) (active|suspended|disabled)$/,
    ([, letter = '', state]) =>
      record(
        make.admin({ action: 'set_account_state', account: accountOf(letter), accountState: state as AccountState }),
      ),
  ],
  [
    /^group ([A-F]) (\d+)$/,
    ([, letter = '', group]) =>
      record(make.admin({ action: 'set_account_limits', account: accountOf(letter), tradeGroup: Number(group) })),
  ],
  [
    /^rules((?: \w+=\S+)+)$/,
    ([, words = ''], situation) => {
      const changes: Record<string, number | string> = { version: situation.fresh() + 1 };
      for (const [name, value] of pairsOf(words))
        changes[RULES[name] ?? unknown(name, RULES)] = value.endsWith('%')
          ? Number(value.slice(0, -1)) * 10_000
          : Number(value);
      return record(make.symbolConfig({ ...situation.symbol, ...changes }));
    },
  ],
  [
    /^fees((?: \w+=\S+)+)$/,
    ([, words = ''], situation) => {
      const given = new Map(pairsOf(words));
      const ppm = (name: string): number => Number((given.get(name) ?? '0').replace('bps', '')) * 100;
      const feeAsset = given.get('in') === 'received' ? 'received' : 'quote';
      return record(
        make.feeConfig({ version: situation.fresh() + 1, makerPpm: ppm('maker'), takerPpm: ppm('taker'), feeAsset }),
      );
    },
  ],
  [
    /^limits((?: \w+=\S+)+)$/,
    ([, words = '']) => {
      const given = new Map(pairsOf(words));
      return record(
        make.limitConfig({
          openOrders: Number(given.get('open') ?? 0),
          ordersPerSecond: Number(given.get('rate') ?? 0),
        }),
      );
    },
  ],
  [/^memory (\d+)$/, ([, remembered]) => record(make.admissionConfig({ remembered: Number(remembered) }))],
];

const RULES: { readonly [word: string]: keyof SymbolConfig } = {
  min_price: 'minPriceTicks',
  max_price: 'maxPriceTicks',
  min_quantity: 'minQuantityLots',
  max_quantity: 'maxQuantityLots',
  min_notional: 'minNotionalAmount',
  max_notional: 'maxNotionalAmount',
  band: 'bandPpm',
  max_resting: 'maxRestingOrders',
  modes: 'allowedSelfTradeModes',
};

function wordsOf(words: string, situation: GoldenSituation) {
  const fields: {
    timeInForce?: 'gtc' | 'ioc' | 'fok' | 'gtd';
    postOnly?: boolean;
    selfTradeMode?: SelfTradeMode;
    clientOrderId?: string;
    expiresAt?: number;
    validUntil?: number;
  } = {};
  for (const word of words.split(' ').filter((each) => each !== '')) {
    const [name = '', value = ''] = word.split('=');
    if (word === 'ioc' || word === 'fok') fields.timeInForce = word;
    else if (word.startsWith('gtd')) {
      fields.timeInForce = 'gtd';
      fields.expiresAt = situation.timeMicros + spanOf(word.slice('gtd'.length));
    } else if (word === 'post-only') fields.postOnly = true;
    else if (word.startsWith('valid')) fields.validUntil = situation.timeMicros + spanOf(word.slice('valid'.length));
    else if (name === 'stp') fields.selfTradeMode = value as SelfTradeMode;
    else if (name === 'id') fields.clientOrderId = value;
    else throw new Error(`"${word}" is no word of an order`);
  }
  return fields;
}

function named(target: string, situation: GoldenSituation): { orderId: number; clientOrderId: string } {
  if (target.startsWith('id=')) return { orderId: 0, clientOrderId: target.slice('id='.length) };
  return { orderId: situation.orderId(target), clientOrderId: '' };
}

/** `3s`, `+500ms`, `-1s` in microseconds. */
function spanOf(text: string): number {
  const match = /^([+-]?\d+)(ms|s)$/.exec(text);
  if (match === null) throw new Error(`"${text}" is no span of time, as 3s or 500ms`);
  return Number(match[1]) * (match[2] === 's' ? SECOND : 1_000);
}

function sideOf(word: string | undefined): 'buy' | 'sell' {
  return word === 'sell' ? 'sell' : 'buy';
}

function stateOf(word: string): TradingState {
  const state = enumSymbols.TradingState.find((each) => each === word);
  return state ?? unknown(word, Object.fromEntries(enumSymbols.TradingState.map((each) => [each, each])));
}

function assetOf(word: string): number {
  return ASSETS[word] ?? unknown(word, ASSETS);
}

function pairsOf(words: string): [string, string][] {
  return words
    .trim()
    .split(' ')
    .map((word) => {
      const [name = '', value = ''] = word.split('=');
      return [name, value];
    });
}

function unknown(word: string, allowed: object): never {
  throw new Error(`"${word}" is unknown; allowed: ${Object.keys(allowed).join(', ')}`);
}
