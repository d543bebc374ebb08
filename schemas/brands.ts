/**
 * One type a quantity. All are JavaScript numbers proven to be safe integers; a brand exists for the compiler alone, so
 * that a price cannot stand where a quantity is wanted. 0 means "not given" where a field is optional.
 */
declare const brand: unique symbol;
type Branded<Name extends string> = number & { readonly [brand]: Name };

/** A price in whole ticks of its symbol. */
export type PriceTicks = Branded<'PriceTicks'>;
/** A quantity in whole lots of its symbol. */
export type QuantityLots = Branded<'QuantityLots'>;
/** An amount in the smallest unit of its asset; signed. */
export type Amount = Branded<'Amount'>;
/** 1 outside, 2 fees, 3 clearing; users from 100. */
export type AccountId = Branded<'AccountId'>;
/** partition of the commands log x 2^40 + offset of the `place`. */
export type OrderId = Branded<'OrderId'>;
/** From 1 in order of first appearance in the log. */
export type SymbolId = Branded<'SymbolId'>;
/** From 1 in order of first appearance in the log. */
export type AssetId = Branded<'AssetId'>;
/** Microseconds since 1970, UTC; also a span of microseconds. */
export type Micros = Branded<'Micros'>;
/** A gapless number: of a symbol on the market log, of an account on the accounts log. */
export type Sequence = Branded<'Sequence'>;
/** Parts per million: 1 basis point is 100. Signed: a rebate is negative. */
export type RatePpm = Branded<'RatePpm'>;

/** Accounts that exist in every account partition and may be negative there. */
export const OUTSIDE_ACCOUNT = 1 as AccountId;
export const FEES_ACCOUNT = 2 as AccountId;
export const CLEARING_ACCOUNT = 3 as AccountId;
/** The first account that belongs to a person. */
export const FIRST_USER_ACCOUNT = 100 as AccountId;

/** Brands of `schemas/records/*.avsc`; the generator refuses any other. */
export const brandNames = [
  'PriceTicks',
  'QuantityLots',
  'Amount',
  'AccountId',
  'OrderId',
  'SymbolId',
  'AssetId',
  'Micros',
  'Sequence',
  'RatePpm',
] as const;
