/** Requests that a key may have open in its window, and all keys together; beyond that they are refused, never forgotten early. */
const PER_KEY_MAX = 200_000;
const MAX = 2_000_000;

export type Seen = 'new' | 'again' | 'full';

/**
 * Which signed requests came already. A request is remembered until its time window is over, when it is refused for its
 * age; time never goes back in here, whatever the clock does.
 *
 * State: requests by the second in which they may be forgotten.
 */
export class SeenRequests {
  /** Second to key to requests. */
  readonly #seconds = new Map<number, Map<string, Set<string>>>();
  readonly #counts = new Map<string, number>();
  readonly #perKeyMax: number;
  readonly #max: number;
  #total = 0;
  /** Everything that may be forgotten before this second is. */
  #forgottenBefore = 0;

  constructor(perKeyMax: number = PER_KEY_MAX, max: number = MAX) {
    this.#perKeyMax = perKeyMax;
    this.#max = max;
  }

  get size(): number {
    return this.#total;
  }

  /** Remembers a request until `untilMs`; says whether it was there already, or there is no room for it. */
  add(keyId: string, request: string, untilMs: number, nowMs: number): Seen {
    this.#forget(Math.floor(nowMs / 1000));
    const second = Math.floor(untilMs / 1000) + 1;
    const keys = this.#seconds.get(second);
    if (keys?.get(keyId)?.has(request)) return 'again';
    const count = this.#counts.get(keyId) ?? 0;
    if (count >= this.#perKeyMax || this.#total >= this.#max) return 'full';
    const ofSecond = keys ?? new Map<string, Set<string>>();
    if (!keys) this.#seconds.set(second, ofSecond);
    const requests = ofSecond.get(keyId) ?? new Set<string>();
    requests.add(request);
    ofSecond.set(keyId, requests);
    this.#counts.set(keyId, count + 1);
    this.#total++;
    return 'new';
  }

  #forget(nowSecond: number): void {
    if (nowSecond <= this.#forgottenBefore) return;
    this.#forgottenBefore = nowSecond;
    // At most a minute of seconds is here: a window is not longer.
    for (const [second, keys] of this.#seconds) {
      if (second >= nowSecond) continue;
      this.#seconds.delete(second);
      for (const [keyId, requests] of keys) this.#forgetOf(keyId, requests.size);
    }
  }

  #forgetOf(keyId: string, count: number): void {
    const left = this.#counts.get(keyId)! - count;
    this.#total -= count;
    if (left === 0) this.#counts.delete(keyId);
    else this.#counts.set(keyId, left);
  }
}
