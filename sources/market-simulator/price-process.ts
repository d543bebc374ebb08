import type { SeededRandom } from './random.ts';

/** One-second standard deviation of an asset's value: about 60 % a year. */
const SECOND_DEVIATION = 1.07e-4;
const MARKET_SHARE = 0.7;
/** Share of an asset's own movement; with the market's share the squares add up to about one. */
const OWN_SHARE = 0.7;
const CALM_RETURN_PER_SECOND = 0.01;
const PREMIUM_DECAY_PER_SECOND = 0.02;

/**
 * What each asset is worth to the simulated crowd, in US dollars: a random walk with one factor common to all assets,
 * a volatility that wanders, and an anchor far away so that a week of running stays in sight of where it began. A
 * symbol's fair price is the value of its base over the value of its quote, so that crossed pairs agree.
 *
 * State: plain numbers in this object. `advance` is the only method that draws randomness.
 */
export class PriceProcess {
  private readonly random: SeededRandom;
  private readonly values = new Map<string, number>();
  private readonly anchors = new Map<string, number>();
  private readonly premiums = new Map<number, number>();
  private agitation = 1;

  constructor(random: SeededRandom, values: ReadonlyMap<string, number>) {
    this.random = random;
    for (const [asset, value] of values) {
      this.values.set(asset, value);
      this.anchors.set(asset, value);
    }
  }

  /** Lets `seconds` pass. `drifts`: an extra relative change per second, by asset (bursts). */
  advance(seconds: number, drifts: ReadonlyMap<string, number>): void {
    const root = Math.sqrt(seconds);
    const calm = Math.min(1, CALM_RETURN_PER_SECOND * seconds);
    this.agitation += (1 - this.agitation) * calm + 0.06 * Math.min(4, root) * this.random.normal() * this.agitation;
    this.agitation = Math.min(4, Math.max(0.35, this.agitation));
    const common = this.random.normal() * MARKET_SHARE;
    for (const [asset, value] of this.values) {
      const own = this.random.normal() * OWN_SHARE;
      if (asset === 'USD') continue;
      const anchor = this.anchors.get(asset) ?? value;
      const change =
        SECOND_DEVIATION * root * this.agitation * (common + own) +
        (drifts.get(asset) ?? 0) * seconds +
        ((anchor - value) / anchor) * 2e-6 * seconds;
      this.values.set(asset, value * (1 + Math.min(0.05, Math.max(-0.05, change))));
    }
    const kept = Math.max(0, 1 - PREMIUM_DECAY_PER_SECOND * seconds);
    for (const [symbol, premium] of this.premiums) this.premiums.set(symbol, premium * kept);
  }

  /** Value of one whole unit of an asset in US dollars. */
  value(asset: string): number {
    return this.values.get(asset) ?? 1;
  }

  /** How nervous the market is: 1 is normal. Spreads widen with it. */
  nervousness(): number {
    return this.agitation;
  }

  /** Fair price of a symbol in quote per base. */
  fair(symbol: number, base: string, quote: string): number {
    return (this.value(base) / this.value(quote)) * (1 + (this.premiums.get(symbol) ?? 0));
  }

  /** A relative push on one symbol, which fades: what a stranger's trade does to opinion. */
  push(symbol: number, relative: number): void {
    const next = (this.premiums.get(symbol) ?? 0) + relative;
    this.premiums.set(symbol, Math.min(0.02, Math.max(-0.02, next)));
  }

  /** Takes a price seen on the market as the truth about the base asset. */
  adopt(base: string, quote: string, price: number): void {
    this.values.set(base, price * this.value(quote));
  }
}
