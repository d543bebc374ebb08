/** What a client may ask in a time, as token buckets with weights: the contract of the limiter. */
import type { Principal } from '../identity/principal.ts';

export const ROUTE_CLASSES = ['read', 'order', 'cancel', 'login'] as const;
/** `read` looks, `order` asks for something new, `cancel` only takes risk away, `login` tries a credential. */
export type RouteClass = (typeof ROUTE_CLASSES)[number];

/** Whose buckets these are: of a credential, or of an address where nobody is known. */
export type Asker = Principal | { readonly address: string };

export interface Allowance {
  readonly ok: boolean;
  /** Of the bucket that is nearest to empty. */
  readonly limit: number;
  readonly remaining: number;
  /** Until that bucket is full again. */
  readonly resetMs: number;
  /** 0 where it is allowed. */
  readonly retryAfterMs: number;
  /** Which bucket that is. */
  readonly of: 'key' | 'account' | 'address';
}

export interface Limiter {
  /**
   * Takes `weight` from every bucket of the asker, or from none. A cancel is counted and never refused. Does not wait for
   * anybody: where buckets are shared, what the others took is known a little later.
   */
  take(asker: Asker, routeClass: RouteClass, weight: number): Allowance;
}
