import { createHash } from 'node:crypto';
import type {
  AccountId,
  AdmissionConfig,
  AnyRecord,
  AssetConfig,
  AssetId,
  FeeConfig,
  LimitConfig,
  Sequence,
  SymbolConfig,
  SymbolId,
} from '../generated/records.ts';
import type { ConfigFaultId } from './fault.ts';
import type { AssetRules, Config, FeeRules, SymbolRules } from './rules.ts';

/** Configuration as it is appended to the log. */
export type ConfigurationRecord = AssetConfig | FeeConfig | SymbolConfig | LimitConfig | AdmissionConfig;

/** Something about the difference between file and log that must be said. An error refuses the start (exit 78). */
export interface ConfigNotice {
  readonly level: 'error' | 'warn';
  readonly id: ConfigFaultId;
  /** Path of the option in the file. */
  readonly path: readonly string[];
  readonly says: string;
}

export interface ConfigChanges {
  /** To be appended, in this order: what a record names stands before it. */
  readonly records: readonly ConfigurationRecord[];
  readonly notices: readonly ConfigNotice[];
}

const NONE = { symbol: 0 as SymbolId, seq: 0 as Sequence } as const;
/** Who wanted it, of what no operator ordered. */
const BY_THE_FILE = { reason: '', requestedBy: 'config' } as const;

/**
 * What a start must append so that the log says what the file says. `inForce` are the configuration records of the log,
 * in its order, others are passed over; empty for a new data directory. Assets and symbols get their numbers here, in
 * order of first appearance. A safe change (something new, a fee version, a limit) is a record; what would reinterpret
 * history (decimals, tick, lot, a rate under its old version) is a refusal that names the way out.
 */
export function configChanges(config: Config, inForce: Iterable<AnyRecord>): ConfigChanges {
  const known = new KnownConfiguration(inForce);
  const records: ConfigurationRecord[] = [];
  const notices: ConfigNotice[] = [];
  for (const asset of config.assets) addAsset(asset, known, records, notices);
  for (const fees of config.fees) addFees(fees, known, records, notices);
  for (const symbol of config.symbols) addSymbol(symbol, known, records, notices);
  addLimits(config, known, records);
  addAdmission(config, known, records);
  sayGone(config, known, notices);
  return { records, notices };
}

/** Fingerprint of everything in a configuration that operators see; a snapshot names the one it was taken under. */
export function configurationHash(config: Config): string {
  const { assets, symbols, fees, limits, admission } = config;
  return createHash('sha256').update(JSON.stringify({ assets, symbols, fees, limits, admission })).digest('hex');
}

/** Partition by symbol id, for the symbols of the log as `inForce` has it after the changes are applied. */
export function placeSymbolsOf(config: Config, inForce: Iterable<AnyRecord>): Map<SymbolId, number> {
  const places = new Map<SymbolId, number>();
  for (const record of inForce) {
    if (record.type !== 'symbol_config') continue;
    places.set(record.symbol, config.partitions.symbolPlaces[record.name] ?? config.partitions.sharedPlace);
  }
  return places;
}

/** The newest configuration record of each name. */
class KnownConfiguration {
  readonly assets = new Map<string, AssetConfig>();
  readonly symbols = new Map<string, SymbolConfig>();
  readonly fees = new Map<string, FeeConfig>();
  limits: LimitConfig | undefined;
  admission: AdmissionConfig | undefined;

  constructor(records: Iterable<AnyRecord>) {
    for (const record of records) {
      if (record.type === 'asset_config') this.assets.set(record.name, record);
      if (record.type === 'symbol_config') this.symbols.set(record.name, record);
      if (record.type === 'fee_config') {
        const before = this.fees.get(record.schedule);
        if (before === undefined || before.version < record.version) this.fees.set(record.schedule, record);
      }
      if (record.type === 'limit_config' && record.account === 0) this.limits = record;
      if (record.type === 'admission_config') this.admission = record;
    }
  }
}

function addAsset(
  rules: AssetRules,
  known: KnownConfiguration,
  records: ConfigurationRecord[],
  notices: ConfigNotice[],
): void {
  const { name, decimals, showDecimals, paperAmount } = rules;
  const before = known.assets.get(name);
  if (before !== undefined && before.decimals !== decimals) {
    notices.push({
      level: 'error',
      id: 'decimals-changed',
      path: ['assets', name, 'decimals'],
      says:
        `${name} is counted with ${before.decimals} decimals in the log, ${decimals} are asked for: every balance would change its ` +
        `meaning. Set it back to ${before.decimals}, declare an asset of another name, or begin with an empty data directory`,
    });
    return;
  }
  if (before !== undefined && before.showDecimals === showDecimals && before.paperAmount === paperAmount) return;
  const asset = before?.asset ?? ((1 + highest(known.assets.values(), (record) => record.asset)) as AssetId);
  const record: AssetConfig = { type: 'asset_config', ...NONE, asset, name, decimals, showDecimals, paperAmount };
  known.assets.set(name, record);
  records.push(record);
}

function addFees(
  rules: FeeRules,
  known: KnownConfiguration,
  records: ConfigurationRecord[],
  notices: ConfigNotice[],
): void {
  const { schedule, version, makerPpm, takerPpm, feeAsset } = rules;
  const before = known.fees.get(schedule);
  const same = before?.makerPpm === makerPpm && before.takerPpm === takerPpm && before.feeAsset === feeAsset;
  if (before !== undefined && before.version === version && same) return;
  if (before !== undefined && version < before.version && before.requestedBy !== BY_THE_FILE.requestedBy) {
    notices.push({
      level: 'warn',
      id: 'without-effect',
      path: ['fees', schedule, 'version'],
      says:
        `fees.${schedule}: an operator set version ${before.version} with maker ${before.makerPpm / 100} bps, taker ${before.takerPpm / 100} bps ` +
        `in ${before.feeAsset}: that is in force, and version ${version} of the file is not. Write it into the file`,
    });
    return;
  }
  if (before !== undefined && version <= before.version) {
    notices.push({
      level: 'error',
      id: 'fees-unversioned',
      path: ['fees', schedule, 'version'],
      says:
        `fees.${schedule}: version ${before.version} is in the log with maker ${before.makerPpm / 100} bps, taker ${before.takerPpm / 100} bps ` +
        `in ${before.feeAsset}; version ${version} with maker ${makerPpm / 100} bps, taker ${takerPpm / 100} bps in ${feeAsset} is asked for. ` +
        `Raise the version to ${before.version + 1}: open orders keep the one they were placed under`,
    });
    return;
  }
  const record: FeeConfig = {
    type: 'fee_config',
    ...NONE,
    schedule,
    version,
    makerPpm,
    takerPpm,
    feeAsset,
    ...BY_THE_FILE,
  };
  known.fees.set(schedule, record);
  records.push(record);
}

/** What a symbol's history was made with. */
const FIXED = [
  'baseAsset',
  'quoteAsset',
  'tickDecimal',
  'lotDecimal',
  'quoteUnitsPerTickLot',
  'baseUnitsPerLot',
] as const;

const FIXED_NAMES: { readonly [Field in (typeof FIXED)[number]]: string } = {
  baseAsset: 'base asset',
  quoteAsset: 'quote asset',
  tickDecimal: 'tick',
  lotDecimal: 'lot',
  quoteUnitsPerTickLot: 'units of quote per tick and lot',
  baseUnitsPerLot: 'units of base per lot',
};

function addSymbol(
  rules: SymbolRules,
  known: KnownConfiguration,
  records: ConfigurationRecord[],
  notices: ConfigNotice[],
): void {
  const before = known.symbols.get(rules.name);
  const base = known.assets.get(rules.base)!;
  const quote = known.assets.get(rules.quote)!;
  const symbol = before?.symbol ?? ((1 + highest(known.symbols.values(), (record) => record.symbol)) as SymbolId);
  const record: SymbolConfig = {
    type: 'symbol_config',
    symbol,
    seq: 0 as Sequence,
    name: rules.name,
    baseAsset: base.asset,
    quoteAsset: quote.asset,
    priceDecimals: rules.priceDecimals,
    quantityDecimals: rules.quantityDecimals,
    tickDecimal: rules.tickDecimal,
    lotDecimal: rules.lotDecimal,
    quoteUnitsPerTickLot: rules.quoteUnitsPerTickLot,
    baseUnitsPerLot: rules.baseUnitsPerLot,
    minPriceTicks: rules.minPriceTicks,
    maxPriceTicks: rules.maxPriceTicks,
    minQuantityLots: rules.minQuantityLots,
    maxQuantityLots: rules.maxQuantityLots,
    minNotionalAmount: rules.minNotionalAmount,
    maxNotionalAmount: rules.maxNotionalAmount,
    bandPpm: rules.bandPpm,
    feeSchedule: rules.feeSchedule,
    defaultSelfTradeMode: rules.defaultSelfTradeMode,
    allowedSelfTradeModes: rules.allowedSelfTradeModes,
    maxRestingOrders: rules.maxRestingOrders,
    openingState: before?.openingState ?? rules.openingState,
    version: 1 + (before?.version ?? 0),
  };
  if (before !== undefined) {
    const changed = FIXED.filter((field) => before[field] !== record[field]);
    for (const field of changed) {
      notices.push({
        level: 'error',
        id: 'rules-changed',
        path: ['symbols', rules.name, field === 'lotDecimal' || field === 'baseUnitsPerLot' ? 'lot' : 'tick'],
        says:
          `${rules.name}: its ${FIXED_NAMES[field]} is ${before[field]} in the log, ${record[field]} is asked for: orders and trades of the past ` +
          `would change their meaning. Set it back, declare a new symbol, or begin with an empty data directory`,
      });
    }
    if (before.openingState !== rules.openingState) {
      notices.push({
        level: 'warn',
        id: 'without-effect',
        path: ['symbols', rules.name, 'opens'],
        says: `${rules.name}: opens counts when a symbol is new; its state now changes by an admin order`,
      });
    }
    if (changed.length > 0 || sameBut(before, record, 'version')) return;
  }
  known.symbols.set(rules.name, record);
  records.push(record);
}

function addLimits({ limits }: Config, known: KnownConfiguration, records: ConfigurationRecord[]): void {
  const before = known.limits;
  const { openOrders, ordersPerSecond } = limits;
  if (before !== undefined && before.openOrders === openOrders && before.ordersPerSecond === ordersPerSecond) return;
  records.push({
    type: 'limit_config',
    ...NONE,
    account: 0 as AccountId,
    openOrders,
    ordersPerSecond,
    tradeGroup: before?.tradeGroup ?? 0,
    version: 1 + (before?.version ?? 0),
    ...BY_THE_FILE,
  });
}

function addAdmission({ admission }: Config, known: KnownConfiguration, records: ConfigurationRecord[]): void {
  const before = known.admission;
  const record: AdmissionConfig = {
    type: 'admission_config',
    ...NONE,
    expiryMicros: admission.expiryMicros,
    remembered: admission.remembered,
    clockAheadMicros: admission.clockAheadMicros,
    version: 1 + (before?.version ?? 0),
  };
  if (before === undefined || !sameBut(before, record, 'version')) records.push(record);
}

function sayGone(config: Config, known: KnownConfiguration, notices: ConfigNotice[]): void {
  const gone = (group: string, names: Iterable<string>, here: readonly string[], wayOut: string): void => {
    for (const name of names) {
      if (here.includes(name)) continue;
      const says = `${group}.${name} is in the log and no longer in the file: it stays as it is${wayOut}`;
      notices.push({ level: 'warn', id: 'not-in-file', path: [group], says });
    }
  };
  const nameOf = ({ name }: { readonly name: string }): string => name;
  gone('assets', known.assets.keys(), config.assets.map(nameOf), '');
  gone('symbols', known.symbols.keys(), config.symbols.map(nameOf), '; an admin order ends its trading');
  gone(
    'fees',
    known.fees.keys(),
    config.fees.map(({ schedule }) => schedule),
    '',
  );
}

function highest<T>(records: Iterable<T>, numberOf: (record: T) => number): number {
  let found = 0;
  for (const record of records) found = Math.max(found, numberOf(record));
  return found;
}

function sameBut<R extends object>(left: R, right: R, but: keyof R): boolean {
  return (Object.keys(right) as (keyof R)[]).every((key) => key === but || left[key] === right[key]);
}
