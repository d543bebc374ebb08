/**
 * Gateways that share buckets tell each other what they let through, a few times a second. Nobody waits for it: each
 * decides by its own buckets, and takes out of them what it hears. While the store is away each goes on alone.
 */
import type { LocalLimiter } from './local-limiter.ts';

export interface SharedBuckets {
  /** Tells what was taken here, by bucket, and says what others took of the same since the last time. */
  exchange(taken: ReadonlyMap<string, number>): Promise<ReadonlyMap<string, number>>;
}

const EVERY_MS = 200;

export interface BucketSharing {
  /** One exchange now; what is under way is waited for first. */
  now(): Promise<void>;
  stop(): Promise<void>;
}

/** `failed`: told of an exchange that failed; the next one is tried all the same. */
export function shareBuckets(
  limiter: LocalLimiter,
  shared: SharedBuckets,
  { everyMs = EVERY_MS, failed }: { readonly everyMs?: number; readonly failed: (error: unknown) => void },
): BucketSharing {
  limiter.untold();
  let last = Promise.resolve();
  let waiting = false;
  const exchange = async () => {
    waiting = false;
    const others = await shared.exchange(limiter.untold());
    for (const [bucket, weight] of others) limiter.tookElsewhere(bucket, weight);
  };
  const now = () => {
    waiting = true;
    last = last.then(exchange).catch(failed);
    return last;
  };
  // A store that is slow is asked again once it has answered: the queue is one long.
  const timer = setInterval(() => {
    if (!waiting) void now();
  }, everyMs);
  timer.unref();
  return {
    now,
    async stop() {
      clearInterval(timer);
      await last;
    },
  };
}
