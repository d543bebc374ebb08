/**
 * `pipeline.config.ts`: what it may say ({@link defineConfig}), how it is read ({@link loadConfig}), and what of it goes
 * into the log ({@link configChanges}). The options are declared in `configuration/options.ts`, one place each.
 */

import type { z } from 'zod';
import { type EnvReference, env } from './configuration/environment.ts';
import type { assetOptions, ConfigFile, feeOptions, SymbolFile } from './configuration/options.ts';
import type {
  archiveOptions,
  cacheOptions,
  historyOptions,
  kafkaOptions,
  ledgerOptions,
} from './configuration/store-options.ts';

export { CANDLE_INTERVALS, type CandleInterval } from './candle-intervals.ts';
export {
  type ConfigChanges,
  type ConfigNotice,
  type ConfigurationRecord,
  configChanges,
  configurationHash,
  placeSymbolsOf,
} from './configuration/config-records.ts';
export {
  type ConfigFault,
  type ConfigFaultId,
  configFaultIds,
  configFaultLevel,
  type FilePlace,
} from './configuration/fault.ts';
export { type DeclaredOption, declaredOptions, helpText } from './configuration/help-text.ts';
export { loadConfig } from './configuration/load-config.ts';
export { findPlaces } from './configuration/places.ts';
export { type EffectiveOption, type Environment, type ReadConfig, readConfig } from './configuration/read-config.ts';
export type { AssetRules, Config, FeeRules, SymbolRules } from './configuration/rules.ts';
export {
  type ArchiveOptions,
  archiveOptions,
  type CacheOptions,
  cacheOptions,
  type HistoryOptions,
  historyOptions,
  type KafkaOptions,
  kafkaOptions,
  type LedgerOptions,
  ledgerOptions,
  type ObjectStoreOptions,
  objectStoreOptions,
} from './configuration/store-options.ts';
export { type EnvReference, env };

/** Everything in this process: the log is files, the stores are embedded engines. */
export interface EmbeddedBackend extends StoreOptions {
  readonly kind: 'embedded';
  readonly dataDir: string | EnvReference;
}

/** Processes on topics of Kafka; the stores may be servers or embedded in the process of their sink. */
export interface ClusterBackend extends StoreOptions {
  readonly kind: 'cluster';
  readonly dataDir: string | EnvReference;
  readonly kafka?: Written<z.input<typeof kafkaOptions>>;
}

/** What may be said of the stores that follow the log. */
export interface StoreOptions {
  readonly history?: Written<z.input<typeof historyOptions>>;
  readonly archive?: Written<z.input<typeof archiveOptions>>;
  readonly ledger?: Written<z.input<typeof ledgerOptions>>;
  readonly cache?: Written<z.input<typeof cacheOptions>>;
}

/** Options of which texts may come from the environment. */
type Written<Options> = {
  readonly [K in keyof Options]:
    | (NonNullable<Options[K]> extends object ? Written<Options[K]> : Options[K])
    | (string extends Options[K] ? EnvReference : never);
};

/**
 * Runs the graph in one process on one data directory. Where a store is a server, its options say so:
 * `embedded('./data', { history: { url: 'http://127.0.0.1:8123', password: env('CLICKHOUSE_PASSWORD') } })`.
 */
export function embedded(dataDir: string | EnvReference, stores: StoreOptions = {}): EmbeddedBackend {
  return Object.freeze({ kind: 'embedded', dataDir, ...stores });
}

/**
 * Runs the graph as a cluster: each stage in as many processes as wanted (`sluice run --stage match`), the logs in Kafka.
 * `dataDir` holds what a process keeps on its own disk: snapshots, where no bucket is given, and stores that are embedded.
 * `cluster('./data', { kafka: { brokers: 'kafka1:9092,kafka2:9092', replication: 3 }, archive: { s3: { bucket: 'sluice' } } })`.
 */
export function cluster(
  dataDir: string | EnvReference,
  backends: StoreOptions & Pick<ClusterBackend, 'kafka'> = {},
): ClusterBackend {
  return Object.freeze({ kind: 'cluster', dataDir, ...backends });
}

/** What {@link defineConfig} takes: names of assets and fees are checked against what is declared above them. */
export type ConfigInput<Asset extends string, Fee extends string, SymbolName extends string> = Omit<
  ConfigFile,
  'assets' | 'symbols' | 'fees' | 'partitions' | 'backends'
> & {
  readonly assets: { readonly [A in Asset]: z.input<typeof assetOptions> };
  readonly fees: { readonly [F in Fee]: z.input<typeof feeOptions> };
  readonly symbols: { readonly [S in SymbolName]: Omit<SymbolFile, 'fees'> & { readonly fees: NoInfer<Fee> } };
  readonly partitions?: {
    readonly accounts?: number;
    readonly symbols?: { readonly [S in NoInfer<SymbolName> | '*']?: 'own' | 'shared' };
  };
  readonly backends: EmbeddedBackend | ClusterBackend;
};

/** A configuration as written, not yet read. */
export interface DefinedConfig {
  readonly pipeline: string;
}

/**
 * Declares the configuration: the default export of `pipeline.config.ts`. An unknown asset in a symbol's name, an unknown
 * fee schedule or option does not compile; what types cannot say is checked when the file is read.
 */
export function defineConfig<
  const Asset extends string,
  const Fee extends string,
  const SymbolName extends `${Asset}-${Asset}`,
>(config: ConfigInput<Asset, Fee, SymbolName>): DefinedConfig {
  return Object.freeze(config);
}
