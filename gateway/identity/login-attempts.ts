import type { GatewayClock } from '../ports.ts';

/** Attempts that fail are forgotten after this. */
const WINDOW_MICROS = 15 * 60 * 1_000_000;
const NAMES_MAX = 20_000;

/** Failed attempts that may be made in a quarter of an hour. */
const FROM_ADDRESS_FOR_USER = 10;
const FOR_USER = 100;
const FROM_ADDRESS = 50;

/** Too many attempts: the next one may be made after this time. */
export class TooManyAttempts extends Error {
  override readonly name = 'TooManyAttempts';
  readonly retryAfterMs: number;

  constructor(retryAfterMs: number) {
    super('too many attempts');
    this.retryAfterMs = retryAfterMs;
  }
}

/**
 * Bounds how often passwords can be guessed: by address and user, by user from anywhere, by address for anybody. An
 * attempt counts from its beginning, so that many at once count as many; one that succeeds is taken back.
 */
export class LoginAttempts {
  readonly #clock: GatewayClock;
  /** Name to the ends of the windows of its attempts, oldest first. Names in the order of their last attempt. */
  readonly #attempts = new Map<string, number[]>();

  constructor(clock: GatewayClock) {
    this.#clock = clock;
  }

  /** Throws {@link TooManyAttempts}. The answer takes the attempt back. */
  begin(user: string, address: string): () => void {
    const now = this.#clock.nowMicros();
    const bounds: [string, number][] = [
      [`${address} ${user}`, FROM_ADDRESS_FOR_USER],
      [`user ${user}`, FOR_USER],
      [`address ${address}`, FROM_ADDRESS],
    ];
    for (const [name, most] of bounds) {
      const attempts = this.#live(name, now);
      if (attempts.length >= most) throw new TooManyAttempts(Math.ceil((attempts[0]! - now) / 1000));
    }
    const end = now + WINDOW_MICROS;
    for (const [name] of bounds) this.#add(name, end);
    return () => {
      for (const [name] of bounds) this.#takeBack(name, end);
    };
  }

  #live(name: string, now: number): number[] {
    const attempts = this.#attempts.get(name) ?? [];
    while (attempts.length > 0 && attempts[0]! <= now) attempts.shift();
    if (attempts.length === 0) this.#attempts.delete(name);
    return attempts;
  }

  #add(name: string, end: number): void {
    const attempts = this.#attempts.get(name) ?? [];
    attempts.push(end);
    this.#attempts.delete(name);
    this.#attempts.set(name, attempts);
    // Whoever fills this with names of his own loses the oldest of them; his address is among the newest.
    if (this.#attempts.size > NAMES_MAX) this.#attempts.delete(this.#attempts.keys().next().value!);
  }

  #takeBack(name: string, end: number): void {
    const attempts = this.#attempts.get(name);
    const at = attempts?.indexOf(end) ?? -1;
    if (!attempts || at < 0) return;
    attempts.splice(at, 1);
    if (attempts.length === 0) this.#attempts.delete(name);
  }
}
