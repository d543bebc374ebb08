import { assert } from '../../schemas/assert.ts';
import type { AccountTable } from './account-table.ts';
import { FIRST_USER_SLOT, systemSlots } from './account-table.ts';
import type { StateReader, StateWriter } from './state-bytes.ts';
import type { StateHash } from './state-hash.ts';
import { IDS_MAX } from './symbol-rules.ts';

const INITIAL_ACCOUNTS = 256;
const PART = 2 ** 26;
const INITIAL_ASSETS = 8;

/**
 * What each account has of each asset, available and held, in the smallest unit. Per asset the sum over all accounts of
 * the partition, system accounts included, is zero at every moment: what people have came from `outside`.
 *
 * No amount can leave the safe integers: a partition lets in no more than its share of 2^53 - 1 (see `supplyMax`), so
 * all people of all partitions together never have more of an asset, and what clearing owes here others have there.
 *
 * State: one row of pairs an account, by account slot and asset id.
 */
export class Balances {
  /** Most of one asset that may have been brought into this partition, net. */
  readonly supplyMax: number;
  /**
   * Available and held, by account and asset: the pair of an account's asset stands at
   * `account slot * width + asset * 2`. Replaced when it grows, so nobody keeps it.
   */
  pairs = new Float64Array(INITIAL_ACCOUNTS * INITIAL_ASSETS * 2);
  width = INITIAL_ASSETS * 2;
  #accounts = INITIAL_ACCOUNTS;
  /** Highest asset id seen. */
  #highestAsset = 0;

  constructor(partitions: number) {
    this.supplyMax = Math.floor(Number.MAX_SAFE_INTEGER / partitions);
  }

  /** Makes room for an asset; a balance of an asset that was never announced must not be touched. */
  addAsset(asset: number): void {
    assert(asset > 0 && asset <= IDS_MAX, 'an asset id is between 1 and 65,535');
    if (asset > this.#highestAsset) this.#highestAsset = asset;
    if (asset * 2 >= this.width) this.#resize(this.#accounts, nextPowerOfTwo(asset + 1) * 2);
  }

  hasAsset(asset: number): boolean {
    return asset > 0 && asset <= this.#highestAsset;
  }

  /** Makes room for an account. */
  addAccount(slot: number): void {
    if (slot >= this.#accounts) this.#resize(Math.max(this.#accounts * 2, nextPowerOfTwo(slot + 1)), this.width);
  }

  available(slot: number, asset: number): number {
    return this.pairs[slot * this.width + asset * 2]!;
  }

  held(slot: number, asset: number): number {
    return this.pairs[slot * this.width + asset * 2 + 1]!;
  }

  /** Adds to what is available; `amount` is signed. */
  credit(slot: number, asset: number, amount: number): void {
    this.pairs[slot * this.width + asset * 2]! += amount;
  }

  /** From available to held; a negative amount the other way. */
  hold(slot: number, asset: number, amount: number): void {
    const at = slot * this.width + asset * 2;
    this.pairs[at]! -= amount;
    this.pairs[at + 1]! += amount;
  }

  /** Whether that much more may be brought in from outside. */
  supplyAllows(asset: number, amount: number): boolean {
    return amount - this.available(systemSlots.outside, asset) <= this.supplyMax;
  }

  write(to: StateWriter, accounts: AccountTable): void {
    to.integer(this.#highestAsset);
    for (let slot = 1; slot < accounts.used; slot++) {
      for (let asset = 1; asset <= this.#highestAsset; asset++) {
        to.number(this.available(slot, asset));
        to.number(this.held(slot, asset));
      }
    }
  }

  /** After the accounts were read. */
  read(from: StateReader, accounts: AccountTable): void {
    this.pairs.fill(0);
    this.#highestAsset = 0;
    const highest = from.integer();
    if (highest > 0) this.addAsset(highest);
    this.addAccount(accounts.used - 1);
    for (let slot = 1; slot < accounts.used; slot++) {
      for (let asset = 1; asset <= highest; asset++) {
        const at = slot * this.width + asset * 2;
        this.pairs[at] = from.number();
        this.pairs[at + 1] = from.number();
      }
    }
  }

  hashInto(hash: StateHash, accounts: AccountTable): void {
    hash.mixWords(this.#highestAsset, 0);
    hash.endItem();
    for (let slot = 1; slot < accounts.used; slot++) {
      hash.mixWords(slot, 1);
      for (let asset = 1; asset <= this.#highestAsset; asset++) {
        hash.mixNumber(this.available(slot, asset));
        hash.mixNumber(this.held(slot, asset));
      }
      hash.endItem();
    }
  }

  checkInvariants(accounts: AccountTable): void {
    for (let asset = 1; asset <= this.#highestAsset; asset++) {
      // The sum in two parts, as it may leave the safe integers on the way.
      let upper = 0;
      let lower = 0;
      for (let slot = 1; slot < accounts.used; slot++) {
        const available = this.available(slot, asset);
        const held = this.held(slot, asset);
        const user = slot >= FIRST_USER_SLOT;
        const sound = user ? available >= 0 && held >= 0 : held === 0;
        if (!sound || !Number.isSafeInteger(available) || !Number.isSafeInteger(held)) {
          const name = `asset ${asset} of account ${accounts.idOf(slot)}`;
          assert(false, `${name} is safe amounts, a user's not below zero, not ${available} and ${held} held`);
        }
        upper += Math.floor(available / PART) + Math.floor(held / PART);
        lower += modulo(available, PART) + modulo(held, PART);
      }
      if (upper * PART + lower !== 0) {
        assert(false, `asset ${asset} sums to zero over the partition, outside, fees and clearing included`);
      }
    }
  }

  #resize(accounts: number, width: number): void {
    const pairs = new Float64Array(accounts * width);
    for (let slot = 0; slot < this.#accounts; slot++) {
      pairs.set(this.pairs.subarray(slot * this.width, (slot + 1) * this.width), slot * width);
    }
    this.pairs = pairs;
    this.#accounts = accounts;
    this.width = width;
  }
}

/** The rest from 0 of an amount that may be negative. */
function modulo(amount: number, part: number): number {
  return amount - Math.floor(amount / part) * part;
}

function nextPowerOfTwo(number: number): number {
  return 2 ** Math.ceil(Math.log2(number));
}
