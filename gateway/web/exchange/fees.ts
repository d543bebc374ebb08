/** Rates of fee as they apply to whoever is signed in. */
import type { Client } from '../../client/types.ts';
import { Store } from '../stores/store.ts';

export interface FeeRates {
  readonly makerPpm: number;
  readonly takerPpm: number;
}

interface FeesAnswer {
  readonly fees: readonly { readonly symbol: string; readonly maker_bps: string; readonly taker_bps: string }[];
}

export class FeeStore extends Store {
  readonly #rates = new Map<string, FeeRates>();

  async ask(client: Client, signedIn: boolean): Promise<void> {
    if (!signedIn) return;
    const answer = await client.rest.request<FeesAnswer>({ method: 'GET', path: '/v1/fees' });
    if (!answer.ok) return;
    for (const { symbol, maker_bps, taker_bps } of answer.value.fees) {
      this.#rates.set(symbol, { makerPpm: ppmOfBps(maker_bps), takerPpm: ppmOfBps(taker_bps) });
    }
    this.changed();
  }

  /** Undefined: not known here. */
  of(symbol: string): FeeRates | undefined {
    return this.#rates.get(symbol);
  }
}

function ppmOfBps(bps: string): number {
  return Math.round(Number(bps) * 100);
}
