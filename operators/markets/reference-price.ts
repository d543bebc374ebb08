import type { StateReader, StateWriter } from '../accounts/state-bytes.ts';

/** A tick moves the reference this part of the way to the last trade. */
const PART = 16;

/**
 * The price that bands, protection and an auction's tie are measured from: it follows the trades, but one print cannot
 * carry it off. At each tick after a trade it moves a sixteenth of the way from where it is to the last trade's price,
 * rounded away from itself, so it arrives; the first trade sets it.
 */
export class ReferencePrice {
  priceTicks = 0;
  #lastTradeTicks = 0;

  traded(priceTicks: number): void {
    this.#lastTradeTicks = priceTicks;
  }

  /** A clock record. True: the reference has changed. */
  tick(): boolean {
    const last = this.#lastTradeTicks;
    if (last === 0 || last === this.priceTicks) return false;
    const distance = last - this.priceTicks;
    const step = distance > 0 ? Math.ceil(distance / PART) : Math.floor(distance / PART);
    this.priceTicks = this.priceTicks === 0 ? last : this.priceTicks + step;
    return true;
  }

  write(writer: StateWriter): void {
    writer.number(this.priceTicks);
    writer.number(this.#lastTradeTicks);
  }

  read(reader: StateReader): void {
    this.priceTicks = reader.number();
    this.#lastTradeTicks = reader.number();
  }
}
