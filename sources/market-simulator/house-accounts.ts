import type {
  AccountId,
  Amount,
  AssetConfig,
  AssetId,
  Deposit,
  SymbolConfig,
  SymbolId,
  Trade,
} from '../../schemas/generated/records.ts';

/** What one house account should own of each asset, in US dollars, before the supply of the asset bounds it. */
const WORTH_PER_ASSET = 200_000;
/** House accounts together never ask for more than this share of what an asset's supply allows. */
const SUPPLY_SHARE = 0.2;
/** A new deposit is asked for when an account's estimated amount falls below this share of what it began with. */
const REFILL_BELOW = 0.5;
/** No schedule charges more; only the estimate of what an account still has depends on it. */
const WORST_FEE = 0.002;

interface Stake {
  readonly asset: AssetConfig;
  readonly initialUnits: number;
  estimatedUnits: number;
  deposits: number;
}

/**
 * The simulator's own accounts: their first deposits, an estimate of what they have left, and deposits that follow when
 * it runs low. The first deposit of an asset has a fixed id, so asking again after a restart changes nothing; a later one
 * is named after its clock record.
 */
export class HouseAccounts {
  readonly first: number;
  readonly count: number;
  private readonly stakes = new Map<number, Map<AssetId, Stake>>();

  constructor(first: number, count: number, assets: readonly AssetConfig[], worthOf: (asset: string) => number) {
    this.first = first;
    this.count = count;
    for (let account = first; account < first + count; account++) {
      const own = new Map<AssetId, Stake>();
      for (const asset of assets) {
        const wanted = (WORTH_PER_ASSET / worthOf(asset.name)) * 10 ** asset.decimals;
        const bound = (Number.MAX_SAFE_INTEGER * SUPPLY_SHARE) / Math.max(count, 64);
        const initialUnits = Math.max(1, Math.floor(Math.min(wanted, bound)));
        own.set(asset.asset, { asset, initialUnits, estimatedUnits: 0, deposits: 0 });
      }
      this.stakes.set(account, own);
    }
  }

  isHouse(account: number): boolean {
    return account >= this.first && account < this.first + this.count;
  }

  /** Deposits due at a clock record: the first ones, and those that refill. */
  deposits(timeMicros: number): Deposit[] {
    const due: Deposit[] = [];
    for (const [account, own] of this.stakes) {
      for (const stake of own.values()) {
        if (stake.deposits > 0 && stake.estimatedUnits > stake.initialUnits * REFILL_BELOW) continue;
        const first = stake.deposits === 0;
        stake.deposits++;
        stake.estimatedUnits += stake.initialUnits;
        due.push({
          type: 'deposit',
          symbol: 0 as SymbolId,
          seq: 0 as Deposit['seq'],
          account: account as AccountId,
          asset: stake.asset.asset,
          amount: stake.initialUnits as Amount,
          depositId: `house-${stake.asset.name}-${first ? 'first' : timeMicros}`,
        });
      }
    }
    return due;
  }

  /** Takes a trade into the estimate, both sides, with the worst fee. */
  traded(record: Trade, config: SymbolConfig): void {
    const takerBuys = record.takerSide === 'buy';
    this.moved(record.takerAccount, takerBuys, record, config);
    this.moved(record.makerAccount, !takerBuys, record, config);
  }

  /** Share of its first amount that an account still has, by estimate: 1 as at the start. */
  share(account: number, asset: AssetId): number {
    const stake = this.stakes.get(account)?.get(asset);
    return stake === undefined ? 0 : stake.estimatedUnits / stake.initialUnits;
  }

  /** Takes over what an account has from an earlier run. */
  adopt(account: number, asset: AssetId, units: number): void {
    const stake = this.stakes.get(account)?.get(asset);
    if (stake === undefined) return;
    stake.estimatedUnits = units;
    stake.deposits = Math.max(1, stake.deposits);
  }

  private moved(account: number, buys: boolean, record: Trade, config: SymbolConfig): void {
    const own = this.stakes.get(account);
    if (own === undefined) return;
    const base = own.get(config.baseAsset);
    const quote = own.get(config.quoteAsset);
    const baseUnits = record.quantityLots * config.baseUnitsPerLot;
    if (base !== undefined) base.estimatedUnits += buys ? baseUnits : -baseUnits;
    if (quote === undefined) return;
    const fee = record.quoteAmount * WORST_FEE;
    quote.estimatedUnits += (buys ? -record.quoteAmount : record.quoteAmount) - fee;
  }
}
