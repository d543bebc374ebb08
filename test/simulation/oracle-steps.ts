/**
 * Steps of a run against two exchanges, drawn by fast-check. A step names things by small numbers (the third order of
 * late, the second account), so that a shrunk list of steps still means something. Values crowd the limits, accounts are
 * few so that they collide, and rules, fees, limits and states change in the middle of a run.
 */
import fc from 'fast-check';
import type { AccountState, CancelReason, SelfTradeMode, TradingState } from '../../schemas/generated/records.ts';

export interface PlaceStep {
  readonly kind: 'place';
  readonly account: number;
  readonly symbol: number;
  readonly buy: boolean;
  readonly form: 'limit' | 'market' | 'budget' | 'odd';
  readonly timeInForce: 'gtc' | 'ioc' | 'fok' | 'gtd';
  readonly postOnly: boolean;
  /** 0: none given. Others choose a price, see the world. */
  readonly price: number;
  readonly lots: number;
  readonly budget: number;
  readonly mode: SelfTradeMode | null;
  readonly expiry: number;
  readonly validity: number;
  /** 0: without a client order id. */
  readonly clientId: number;
}

export type Step =
  | PlaceStep
  | { readonly kind: 'repeat'; readonly back: number; readonly change: 'nothing' | 'validity' | 'price' }
  | {
      readonly kind: 'amend';
      readonly account: number;
      /** Which of the open orders; of the latest places where `any`. */
      readonly target: number;
      readonly any: boolean;
      readonly byClientId: boolean;
      readonly change: 'price' | 'lots' | 'both' | 'nothing';
      readonly price: number;
      readonly lots: number;
      readonly validity: number;
    }
  | {
      readonly kind: 'cancel';
      readonly account: number;
      /** Which of the open orders; of the latest places where `any`. */
      readonly target: number;
      readonly any: boolean;
      readonly byClientId: boolean;
      readonly validity: number;
    }
  | {
      readonly kind: 'cancel_all';
      readonly account: number;
      readonly symbol: number;
      readonly reason: CancelReason;
      readonly validity: number;
    }
  | {
      readonly kind: 'deposit' | 'withdraw' | 'adjust';
      readonly account: number;
      readonly asset: number;
      readonly amount: number;
      readonly id: number;
    }
  | { readonly kind: 'market_state'; readonly symbol: number; readonly state: TradingState; readonly until: number }
  | { readonly kind: 'auction'; readonly symbol: number; readonly open: boolean }
  | { readonly kind: 'account_state'; readonly account: number; readonly state: AccountState }
  | { readonly kind: 'trade_group'; readonly account: number; readonly group: number }
  | {
      readonly kind: 'sweep';
      readonly action: 'cancel_all' | 'kill_switch';
      readonly account: number;
      readonly symbol: number;
    }
  | {
      readonly kind: 'rules';
      readonly symbol: number;
      readonly band: number;
      readonly resting: number;
      readonly modes: number;
    }
  | { readonly kind: 'fees'; readonly schedule: number; readonly maker: number; readonly taker: number }
  | {
      readonly kind: 'limits';
      readonly account: number;
      readonly openOrders: number;
      readonly perSecond: number;
      readonly group: number;
    }
  | { readonly kind: 'admission'; readonly remembered: number; readonly expiry: number }
  | { readonly kind: 'tick'; readonly seconds: number }
  | { readonly kind: 'wait'; readonly micros: number }
  | { readonly kind: 'restart' };

/** One of the usual values most of the time, now and then one of the odd ones. */
function mostly<T>(usual: readonly T[], odd: readonly T[], oddShare = 1 / 12): fc.Arbitrary<T> {
  const weight = Math.round(1 / oddShare) - 1;
  return fc.oneof({ weight, arbitrary: fc.constantFrom(...usual) }, { weight: 1, arbitrary: fc.constantFrom(...odd) });
}

const account = mostly([0, 0, 1, 1, 2, 3, 4], [5, 6], 1 / 25);
const symbol = mostly([1, 1, 1, 2], [3], 1 / 40);
/** Around the middle (11) as a rule; 0 to 5 are the edges of the range. */
const price = mostly([8, 9, 10, 10, 11, 11, 12, 12, 13, 14, 16, 17], [0, 1, 2, 3, 4, 5, 6, 7, 15]);
/** 4 and up are ordinary sizes; 0 to 3 and 7 the edges. */
const lots = mostly([4, 4, 5, 5, 6, 6, 8, 9], [0, 1, 2, 3, 7]);
/** 10: as many as the order has traded. */
const oneOfLots = mostly([4, 5, 6, 8, 9], [0, 1, 2, 3, 10, 10, 10], 1 / 3);
const validity = mostly([0], [1, 2, 3, 4], 1 / 25);
const clientId = mostly([0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20], [1, 2]);
const mode = fc.constantFrom<SelfTradeMode | null>(
  null,
  'none',
  'cancel_newest',
  'cancel_oldest',
  'cancel_both',
  'decrement',
);

const anyLimit = fc.record<PlaceStep>({
  kind: fc.constant('place'),
  account,
  symbol,
  buy: fc.boolean(),
  form: fc.constant('limit'),
  timeInForce: fc.constantFrom('gtc', 'gtc', 'gtc', 'gtc', 'ioc', 'fok', 'gtd'),
  postOnly: fc.constantFrom(false, false, false, true),
  price,
  lots,
  budget: fc.constant(0),
  mode,
  expiry: mostly([2, 3, 3, 4, 4], [0, 1]),
  validity,
  clientId,
});

/** Post-only with a time in force that never rests is refused: seldom drawn, so that most orders get further. */
const limit = fc
  .tuple(anyLimit, mostly([false], [true], 1 / 20))
  .map<PlaceStep>(([step, odd]) =>
    odd || step.timeInForce === 'gtc' || step.timeInForce === 'gtd' ? step : { ...step, postOnly: false },
  );

/** Fill or kill among own orders: the walk that matching would make must be foreseen order by order. */
const fillOrKill = limit.map<PlaceStep>((step) => ({
  ...step,
  timeInForce: 'fok',
  postOnly: false,
  expiry: 2,
  price: step.buy ? 14 : 9,
  mode: step.mode ?? 'cancel_oldest',
}));

const budgetOrKill = fc
  .record({ account, buy: fc.boolean(), budget: fc.constantFrom(4, 5, 6), mode })
  .map<PlaceStep>(({ account: who, buy, budget, mode: how }) => ({
    kind: 'place',
    account: who,
    symbol: 1,
    buy,
    form: 'budget',
    timeInForce: 'fok',
    postOnly: false,
    price: buy ? 14 : 9,
    lots: 0,
    budget,
    mode: how,
    expiry: 0,
    validity: 0,
    clientId: 0,
  }));

const market = fc.record<PlaceStep>({
  kind: fc.constant('place'),
  account,
  symbol,
  buy: fc.boolean(),
  form: mostly(['market', 'budget'], ['odd']),
  timeInForce: mostly(['ioc', 'ioc', 'fok'], ['gtc', 'gtd'], 1 / 20),
  postOnly: mostly([false], [true], 1 / 20),
  price: mostly([8, 9, 10, 12, 13, 14, 4, 3], [0, 1, 5], 1 / 5),
  lots,
  budget: mostly([3, 4, 5, 6, 6, 7], [0, 1, 2, 8, 9]),
  mode,
  expiry: fc.constant(0),
  validity,
  clientId,
});

const tradingState = mostly<TradingState>(
  ['trading', 'trading', 'trading', 'trading', 'trading', 'limit_only', 'post_only', 'auction'],
  ['cancel_only', 'halted', 'closed', 'delisted'],
  1 / 5,
);
const cancelReason = fc.constantFrom<CancelReason>('cancel_all', 'cancel_all', 'disconnect');
const transfer = (kind: 'deposit' | 'withdraw' | 'adjust') =>
  fc.record({
    kind: fc.constant(kind),
    account: fc.integer({ min: 0, max: 7 }),
    asset: fc.constantFrom(1, 2, 3, 9),
    amount: fc.integer({ min: 0, max: 9 }),
    id: fc.integer({ min: 0, max: 30 }),
  });

/** One step; the weights are those of a busy day with more accidents than a real one has. */
export const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 44, arbitrary: limit },
  { weight: 5, arbitrary: fillOrKill },
  { weight: 4, arbitrary: budgetOrKill },
  { weight: 16, arbitrary: market },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('repeat' as const),
      back: fc.integer({ min: 0, max: 5 }),
      change: fc.constantFrom('nothing' as const, 'validity' as const, 'price' as const),
    }),
  },
  {
    weight: 14,
    arbitrary: fc.record({
      kind: fc.constant('amend' as const),
      account: mostly([-1], [0, 1, 2]),
      target: fc.integer({ min: 0, max: 11 }),
      any: mostly([false], [true], 1 / 6),
      byClientId: fc.boolean(),
      change: mostly<'price' | 'lots' | 'both' | 'nothing'>(['price', 'lots', 'both'], ['nothing'], 1 / 20),
      price,
      lots: oneOfLots,
      validity,
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('cancel' as const),
      account: mostly([-1], [0, 1, 2]),
      target: fc.integer({ min: 0, max: 11 }),
      any: mostly([false], [true], 1 / 6),
      byClientId: fc.boolean(),
      validity,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('cancel_all' as const),
      account,
      symbol: fc.constantFrom(0, 1, 2, 3),
      reason: cancelReason,
      validity,
    }),
  },
  { weight: 3, arbitrary: transfer('deposit') },
  { weight: 2, arbitrary: transfer('withdraw') },
  { weight: 1, arbitrary: transfer('adjust') },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('market_state' as const),
      symbol: fc.constantFrom(0, 1, 1, 2),
      state: tradingState,
      until: fc.constantFrom(0, 1, 2),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('auction' as const),
      symbol: fc.constantFrom(0, 1, 1, 2),
      open: mostly([false], [true], 1 / 3),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('account_state' as const),
      account: mostly([-1, 0, 1, 2], [3, 4], 1 / 4),
      state: mostly<AccountState>(['active'], ['suspended', 'disabled'], 1 / 4),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('trade_group' as const),
      account: fc.integer({ min: 0, max: 4 }),
      group: fc.integer({ min: 0, max: 2 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('sweep' as const),
      action: fc.constantFrom('cancel_all' as const, 'kill_switch' as const),
      account: fc.integer({ min: -1, max: 4 }),
      symbol: fc.integer({ min: 0, max: 2 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('rules' as const),
      symbol: fc.constantFrom(1, 2),
      band: fc.constantFrom(0, 1, 2, 2),
      resting: fc.constantFrom(2, 6, 30),
      modes: mostly([0b11111], [0b00110, 0b10000], 1 / 5),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('fees' as const),
      schedule: fc.constantFrom(0, 1),
      maker: fc.integer({ min: 0, max: 4 }),
      taker: fc.integer({ min: 0, max: 4 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('limits' as const),
      account: fc.integer({ min: -1, max: 4 }),
      openOrders: fc.constantFrom(0, 1, 2, 4),
      perSecond: fc.constantFrom(0, 0, 1, 5),
      group: fc.constantFrom(0, 0, 1),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('admission' as const),
      remembered: fc.constantFrom(4, 1_000, 1_000),
      expiry: fc.constantFrom(1, 60, 60),
    }),
  },
  {
    weight: 9,
    arbitrary: fc.record({ kind: fc.constant('tick' as const), seconds: fc.constantFrom(1, 1, 1, 1, 3, 70) }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('wait' as const), micros: fc.constantFrom(1, 1_000, 400_000, 5_000_000) }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: 'restart' as const }) },
);
