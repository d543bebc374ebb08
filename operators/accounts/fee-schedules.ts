import { assert } from '../../schemas/assert.ts';
import type { FeeConfig } from '../../schemas/generated/records.ts';
import { PPM } from './fee-arithmetic.ts';
import type { StateReader, StateWriter } from './state-bytes.ts';
import type { StateHash } from './state-hash.ts';

/** One version of a schedule. An order keeps the version that was in force when it was admitted. */
export class FeeVersion {
  readonly schedule: string;
  readonly version: number;
  /** Parts per million of the notional; negative is a rebate. */
  readonly makerPpm: number;
  readonly takerPpm: number;
  /** What is held for: the higher rate, and no rebate. */
  readonly worstPpm: number;
  /** The buyer pays in the base asset he receives; else both sides pay in quote. */
  readonly inReceived: boolean;

  constructor(schedule: string, version: number, makerPpm: number, takerPpm: number, inReceived: boolean) {
    const within = (ppm: number) => ppm > -PPM && ppm <= PPM;
    assert(within(makerPpm) && within(takerPpm), 'a fee rate is between -999,999 and 1,000,000 parts per million');
    this.schedule = schedule;
    this.version = version;
    this.makerPpm = makerPpm;
    this.takerPpm = takerPpm;
    this.worstPpm = Math.max(makerPpm, takerPpm, 0);
    this.inReceived = inReceived;
  }
}

/**
 * Every fee version ever configured, in the order of the log; an order names its version by index. Nothing is ever
 * removed: open orders may need any of them, and there are as many as an operator cared to announce.
 */
export class FeeSchedules {
  readonly versions: FeeVersion[] = [];

  /** Adds a version and makes it the schedule's current one. The same version again changes nothing. */
  add(config: FeeConfig): void {
    const known = this.versions.findLast((v) => v.schedule === config.schedule);
    if (known !== undefined && known.version === config.version) return;
    const { schedule, version, makerPpm, takerPpm, feeAsset } = config;
    this.versions.push(new FeeVersion(schedule, version, makerPpm, takerPpm, feeAsset === 'received'));
  }

  /** Index of the version in force for new orders, or -1. */
  current(schedule: string): number {
    return this.versions.findLastIndex((v) => v.schedule === schedule);
  }

  write(to: StateWriter): void {
    to.integer(this.versions.length);
    for (const v of this.versions) {
      to.text(v.schedule);
      to.integer(v.version);
      to.integer(v.makerPpm);
      to.integer(v.takerPpm);
      to.integer(v.inReceived ? 1 : 0);
    }
  }

  read(from: StateReader): void {
    this.versions.length = 0;
    for (let count = from.integer(); count > 0; count--) {
      const schedule = from.text();
      const version = from.integer();
      const maker = from.integer();
      const taker = from.integer();
      this.versions.push(new FeeVersion(schedule, version, maker, taker, from.integer() === 1));
    }
  }

  hashInto(hash: StateHash): void {
    this.versions.forEach((v, index) => {
      hash.mixWords(index, v.version);
      hash.mixText(v.schedule);
      hash.mixWords(v.makerPpm, v.takerPpm);
      hash.mixWords(v.inReceived ? 1 : 0, 0);
      hash.endItem();
    });
  }
}
