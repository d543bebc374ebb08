/** What an operator ordered for one account, by a record of the log, instead of the rates that all have. */
import type { AccountId } from '../../schemas/generated/records.ts';
import type { ViewPort } from '../ports.ts';
import type { RouteClass } from './limiter.ts';
import type { BucketRate } from './token-bucket.ts';

/** A burst of so many seconds' worth. */
const BURST_SECONDS = 2;

/**
 * Orders and cancels a second that the newest `limit_config` of the account allows; undefined: the record says nothing of
 * this account alone. Risk holds it to the same number, whatever a gateway lets pass.
 */
export function recordedRate(
  views: Pick<ViewPort, 'limitsOf'>,
  account: AccountId,
  routeClass: RouteClass,
): BucketRate | undefined {
  if (routeClass !== 'order' && routeClass !== 'cancel') return undefined;
  const limits = views.limitsOf(account);
  if (limits?.account !== account || limits.ordersPerSecond === 0) return undefined;
  return { size: limits.ordersPerSecond * BURST_SECONDS, perSecond: limits.ordersPerSecond };
}
