/**
 * What a gateway answers from: books, trades, candles and tickers by symbol, balances and orders by account, folded from
 * the durable logs in this process. Nothing in here is the truth; all of it can be folded again.
 */
import type { Sink, SinkBlock, SinkDefinition } from '../../pipelines/runtime/ports.ts';
import { FIRST_USER_ACCOUNT } from '../../schemas/brands.ts';
import type {
  AccountId,
  AnyRecord,
  AssetConfig,
  AssetId,
  FeeConfig,
  LimitConfig,
  SymbolId,
} from '../../schemas/generated/records.ts';
import { type RecordSet, recordSet } from '../../schemas/logs.ts';
import { AccountView } from './account-view.ts';
import { MarketView } from './market-view.ts';
import { MemoryReader, MemoryWriter } from './memory-bytes.ts';

/** The form of what is remembered over a restart; another number means fold again. */
const MEMORY_FORMAT = 4;

export interface GatewayViews extends Sink {
  /** By id, in the order of their first appearance. */
  readonly assets: ReadonlyMap<AssetId, AssetConfig>;
  readonly markets: ReadonlyMap<SymbolId, MarketView>;
  /** Ids of keys and sessions that were revoked by an operator's order. */
  readonly revoked: ReadonlySet<string>;
  /** The newest version of each schedule, by name. */
  readonly fees: ReadonlyMap<string, FeeConfig>;
  /** Limits of an account of its own, or those of all; undefined before the first configuration. */
  limitsOf(account: AccountId): LimitConfig | undefined;
  market(name: string): MarketView | undefined;
  /** An account that was never heard of has nothing: an empty view. */
  account(account: AccountId): AccountView;
  /** Accounts that were heard of. */
  accounts(): readonly AccountId[];
}

export function gatewayViews(): SinkDefinition {
  return {
    name: 'gateway-views',
    input: recordSet('GatewayInput', [
      'accepted',
      'trade',
      'cancelled',
      'amended',
      'prevented_match',
      'market_state',
      'reference_price',
      'symbol_config',
      'asset_config',
      'fee_config',
      'limit_config',
      'account_changed',
      'hold',
      'fill',
      'release',
      'order_amended',
      'balance_change',
      'rejected',
      'admin',
      'key_revocation',
      'candle',
      'ticker',
    ] as const) as unknown as RecordSet<AnyRecord>,
    delivers: 'at once',
    blockRecords: 1024,
    open: async () => new Views(),
  };
}

class Views implements GatewayViews {
  readonly assets = new Map<AssetId, AssetConfig>();
  readonly markets = new Map<SymbolId, MarketView>();
  readonly revoked = new Set<string>();
  readonly fees = new Map<string, FeeConfig>();
  /** Those of account 0 are everybody's. */
  readonly #limits = new Map<AccountId, LimitConfig>();
  readonly #accounts = new Map<AccountId, AccountView>();
  /** What memory takes by the last time it was written. */
  #memoryBytes = 1 << 20;

  readonly memory = {
    snapshot: (): Uint8Array => this.#write(),
    restore: (bytes: Uint8Array): boolean => this.#read(new MemoryReader(bytes)),
  };

  async positions(): Promise<Map<string, number>> {
    return new Map();
  }

  async write(block: SinkBlock): Promise<void> {
    for (let index = 0; index < block.records.length; index++) {
      const record = block.records[index]!;
      const { occurredAt: timeMicros, correlationId } = block.envelopes[index]!;
      if (block.log === 'market') this.#marketRecord(record, timeMicros);
      else if (block.log === 'control') this.#controlRecord(record);
      else this.#accountRecord(record, timeMicros, correlationId);
    }
    for (const output of Object.values(block.outputs)) {
      for (const record of output.records) {
        if (record.type === 'candle') this.markets.get(record.symbol)?.candle(record);
        if (record.type === 'ticker') this.#ticker(record);
      }
    }
  }

  async close(): Promise<void> {}

  figures() {
    return { markets: this.markets.size, accounts: this.#accounts.size };
  }

  market(name: string): MarketView | undefined {
    for (const market of this.markets.values()) if (market.config.name === name) return market;
    return undefined;
  }

  account(account: AccountId): AccountView {
    return this.#accounts.get(account) ?? new AccountView(account);
  }

  limitsOf(account: AccountId): LimitConfig | undefined {
    return this.#limits.get(account) ?? this.#limits.get(0 as AccountId);
  }

  accounts(): readonly AccountId[] {
    return [...this.#accounts.keys()];
  }

  #ticker(record: Extract<AnyRecord, { type: 'ticker' }>): void {
    const market = this.markets.get(record.symbol);
    if (market) market.ticker = record;
  }

  #marketRecord(record: AnyRecord, timeMicros: number): void {
    if (record.symbol === 0) return;
    let market = this.markets.get(record.symbol);
    if (!market) {
      if (record.type !== 'symbol_config') return;
      market = new MarketView(record);
      this.markets.set(record.symbol, market);
    }
    market.apply(record, timeMicros);
  }

  #controlRecord(record: AnyRecord): void {
    if (record.type === 'key_revocation') this.revoked.add(record.keyId);
    if (record.type === 'limit_config') this.#limits.set(record.account, record);
  }

  /** Every partition of accounts has a copy of each version, and they do not come in one order. */
  #newer(fees: FeeConfig): void {
    const known = this.fees.get(fees.schedule);
    if (!known || known.version <= fees.version) this.fees.set(fees.schedule, fees);
  }

  #accountRecord(record: AnyRecord, timeMicros: number, correlationId: number): void {
    if (record.type === 'asset_config') this.assets.set(record.asset, record);
    if (record.type === 'fee_config') this.#newer(record);
    const account = (record as { readonly account?: AccountId }).account;
    // Money of the house moves by the other side of every record: its accounts have no events that sum up to a balance.
    if (account === undefined || account < FIRST_USER_ACCOUNT) return;
    let view = this.#accounts.get(account);
    if (!view) {
      view = new AccountView(account);
      this.#accounts.set(account, view);
    }
    view.apply(record, timeMicros, correlationId);
  }

  #write(): Uint8Array {
    const writer = new MemoryWriter(this.#memoryBytes);
    writer.number(MEMORY_FORMAT);
    writer.number(this.assets.size);
    for (const asset of this.assets.values()) writer.record(asset);
    writer.number(this.revoked.size);
    for (const id of this.revoked) writer.text(id);
    writer.number(this.fees.size);
    for (const fees of this.fees.values()) writer.record(fees);
    writer.number(this.#limits.size);
    for (const limits of this.#limits.values()) writer.record(limits);
    writer.number(this.markets.size);
    for (const market of this.markets.values()) market.write(writer);
    writer.number(this.#accounts.size);
    for (const account of this.#accounts.values()) account.write(writer);
    const bytes = writer.finish();
    this.#memoryBytes = Math.ceil(bytes.length * 1.2);
    return bytes;
  }

  #read(reader: MemoryReader): boolean {
    if (reader.number() !== MEMORY_FORMAT) return false;
    for (const asset of reader.list(() => reader.record<AssetConfig>())) this.assets.set(asset.asset, asset);
    for (const id of reader.list(() => reader.text())) this.revoked.add(id);
    for (const fees of reader.list(() => reader.record<FeeConfig>())) this.fees.set(fees.schedule, fees);
    for (const limits of reader.list(() => reader.record<LimitConfig>())) this.#limits.set(limits.account, limits);
    for (const market of reader.list(() => MarketView.read(reader))) this.markets.set(market.config.symbol, market);
    for (const account of reader.list(() => AccountView.read(reader))) this.#accounts.set(account.account, account);
    return true;
  }
}
