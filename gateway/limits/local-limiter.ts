/**
 * Buckets in the memory of this gateway: one for each credential, account and address and class of route. All that an
 * asker has must have room, and then all are taken from.
 */
import type { AccountId } from '../../schemas/generated/records.ts';
import type { Allowance, Asker, Limiter, RouteClass } from './limiter.ts';
import { type BucketRate, TokenBucket } from './token-bucket.ts';

export type ClassRates = { readonly [C in RouteClass]: BucketRate };
export interface LimiterRates {
  readonly key: ClassRates;
  readonly account: ClassRates;
  readonly address: ClassRates;
}

/** Of one credential; an account has twice as much over all of its own, and an address four times. */
const KEY_RATES: ClassRates = {
  read: { size: 600, perSecond: 200 },
  order: { size: 1000, perSecond: 500 },
  cancel: { size: 1000, perSecond: 500 },
  login: { size: 10, perSecond: 0.2 },
};
export const DEFAULT_RATES: LimiterRates = {
  key: KEY_RATES,
  account: timesRates(KEY_RATES, 2),
  address: { ...timesRates(KEY_RATES, 4), login: { size: 20, perSecond: 0.5 } },
};

/** Buckets that are remembered; beyond, the one that was used longest ago is forgotten, which fills it. */
const BUCKETS_MAX = 100_000;

export interface LocalLimiterOptions {
  readonly clock: { nowMicros(): number };
  readonly rates?: LimiterRates;
  /** What an account may do by an order of an operator, with each of its credentials; undefined: as all. */
  readonly accountRates?: (account: AccountId, routeClass: RouteClass) => BucketRate | undefined;
}

type Kind = Allowance['of'];

export class LocalLimiter implements Limiter {
  readonly #clock: LocalLimiterOptions['clock'];
  readonly #rates: LimiterRates;
  readonly #accountRates: LocalLimiterOptions['accountRates'];
  /** The one used longest ago first. */
  readonly #buckets = new Map<string, TokenBucket>();
  /** What was taken here since the last time it was told to others; undefined while there are none. */
  #untold: Map<string, number> | undefined;

  constructor({ clock, rates = DEFAULT_RATES, accountRates }: LocalLimiterOptions) {
    this.#clock = clock;
    this.#rates = rates;
    this.#accountRates = accountRates;
  }

  take(asker: Asker, routeClass: RouteClass, weight: number): Allowance {
    const nowMicros = this.#clock.nowMicros();
    const buckets = this.#bucketsOf(asker, routeClass, nowMicros);
    let tightest = buckets[0]!;
    let waitMs = 0;
    for (const bucket of buckets) {
      const wait = routeClass === 'cancel' ? 0 : bucket.bucket.waitMs(weight, nowMicros);
      if (wait > waitMs || (waitMs === 0 && shareOf(bucket, nowMicros) < shareOf(tightest, nowMicros))) {
        tightest = bucket;
      }
      waitMs = Math.max(waitMs, wait);
    }
    if (waitMs === 0) {
      for (const { name, bucket } of buckets) {
        bucket.take(weight, nowMicros);
        this.#untold?.set(name, (this.#untold.get(name) ?? 0) + weight);
      }
    }
    const { bucket, kind } = tightest;
    return {
      ok: waitMs === 0,
      limit: bucket.rate.size,
      remaining: Math.max(0, Math.floor(bucket.level(nowMicros))),
      resetMs: bucket.fullInMs(nowMicros),
      retryAfterMs: Math.min(waitMs, RETRY_MAX_MS),
      of: kind,
    };
  }

  /** What was taken since the last call, by bucket: for those who share the same buckets. */
  untold(): ReadonlyMap<string, number> {
    const untold = this.#untold;
    this.#untold = new Map();
    return untold ?? this.#untold;
  }

  /** Others took this from the same bucket. One that is not in use here is left alone. */
  tookElsewhere(name: string, weight: number): void {
    this.#buckets.get(name)?.take(weight, this.#clock.nowMicros());
  }

  get buckets(): number {
    return this.#buckets.size;
  }

  #bucketsOf(asker: Asker, routeClass: RouteClass, nowMicros: number) {
    if ('address' in asker) return [this.#bucket('address', networkOf(asker.address), routeClass, nowMicros)];
    const { account, keyId, sessionId } = asker;
    const credential = keyId ?? sessionId;
    const ordered = this.#accountRates?.(account, routeClass);
    const ofAccount = this.#bucket('account', String(account), routeClass, nowMicros, ordered);
    if (credential === undefined) return [ofAccount];
    return [this.#bucket('key', credential, routeClass, nowMicros, ordered), ofAccount];
  }

  #bucket(kind: Kind, who: string, routeClass: RouteClass, nowMicros: number, ordered?: BucketRate) {
    const name = `${kind}:${who}:${routeClass}`;
    const rate = ordered ?? this.#rates[kind][routeClass];
    let bucket = this.#buckets.get(name);
    if (bucket) this.#buckets.delete(name);
    else bucket = new TokenBucket(rate, nowMicros);
    bucket.rate = rate;
    this.#buckets.set(name, bucket);
    if (this.#buckets.size > BUCKETS_MAX) this.#buckets.delete(this.#buckets.keys().next().value!);
    return { name, kind, bucket };
  }
}

/** Nobody is told to come back later than this. */
const RETRY_MAX_MS = 60_000;

function shareOf({ bucket }: { readonly bucket: TokenBucket }, nowMicros: number): number {
  return bucket.level(nowMicros) / bucket.rate.size;
}

/** Who owns one address of version 6 owns all of its network of 64 bits. */
export function networkOf(address: string): string {
  if (!address.includes(':')) return address;
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  const [head = '', tail = ''] = address.split('%')[0]!.split('::');
  const groups = head === '' ? [] : head.split(':');
  const after = tail === '' ? [] : tail.split(':');
  while (groups.length + after.length < 8 && address.includes('::')) groups.push('0');
  return `${[...groups, ...after]
    .slice(0, 4)
    .map((group) => group.toLowerCase().replace(/^0+(?=.)/, ''))
    .join(':')}::/64`;
}

function timesRates(rates: ClassRates, factor: number): ClassRates {
  const times = ({ size, perSecond }: BucketRate) => ({ size: size * factor, perSecond: perSecond * factor });
  return { read: times(rates.read), order: times(rates.order), cancel: times(rates.cancel), login: times(rates.login) };
}
