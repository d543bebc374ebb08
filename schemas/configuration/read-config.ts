import type { z } from 'zod';
import { shortDecimalOfUnits, unitsOfDecimal } from '../decimal.ts';
import type { Amount, Micros, RatePpm } from '../generated/records.ts';
import { idLimits } from '../ids.ts';
import { didYouMean } from '../nearest-name.ts';
import { deriveSymbol } from './derive-symbol.ts';
import { isEnvReference } from './environment.ts';
import { type ConfigFault, type ConfigFaultId, configFaultLevel } from './fault.ts';
import { type DeclaredOption, declaredOptions } from './help-text.ts';
import {
  ASSET_NAME,
  assetOptions,
  type ConfigOptions,
  configOptions,
  feeOptions,
  SYMBOL_NAME,
  symbolOptions,
} from './options.ts';
import { findPlaces } from './places.ts';
import type { AssetRules, Config, FeeRules, SymbolRules } from './rules.ts';

export interface Environment {
  readonly [name: string]: string | undefined;
}

/** An option as it counts, for `sluice echo`. */
export interface EffectiveOption {
  readonly path: string;
  /** As it stands in the file or the environment; for a default, the value in its unit. */
  readonly value: unknown;
  readonly unit: string | undefined;
  /** `file`, `default`, or the variable's name. */
  readonly from: string;
}

export interface ReadConfig {
  /** Present when no fault is an error. */
  readonly config: Config | undefined;
  readonly faults: readonly ConfigFault[];
  readonly options: readonly EffectiveOption[];
}

type Path = readonly (string | number)[];

/**
 * Reads what `defineConfig` was given: environment resolved, every option checked, everything that holds between options
 * checked too. All faults are collected; a broken option does not hide what is wrong elsewhere. `text` is the file's own,
 * for the places of faults.
 */
export function readConfig(
  given: unknown,
  source: { file: string; text: string },
  environment: Environment,
): ReadConfig {
  return new Reading(source, environment).read(given);
}

class Reading {
  readonly #faults: ConfigFault[] = [];
  readonly #places: ReturnType<typeof findPlaces>;
  readonly #environment: Environment;
  readonly #declared: readonly DeclaredOption[] = declaredOptions();
  /** Variable by the path that it gave. */
  readonly #fromEnvironment = new Map<string, string>();

  constructor(source: { file: string; text: string }, environment: Environment) {
    this.#places = findPlaces(source.file, source.text);
    this.#environment = environment;
  }

  read(given: unknown): ReadConfig {
    if (!isObject(given)) {
      this.#say('bad-value', [], `the file must export default defineConfig({ ... }), ${show(given)} given`);
      return { config: undefined, faults: this.#faults, options: [] };
    }
    for (const { path, at } of this.#places.duplicates) {
      this.#faults.push({ at, level: 'error', id: 'duplicate-id', says: `${path.join('.')} is declared twice` });
    }
    const raw = this.#resolve(given, []) as { [key: string]: unknown };
    this.#warnOfSecrets(given);
    this.#override(raw);
    const parsed = configOptions.safeParse(raw);
    if (!parsed.success) this.#tellIssues(parsed.error.issues, raw);
    const config = this.#check(raw, parsed.success ? parsed.data : undefined);
    const failed = this.#faults.some(({ level }) => level === 'error');
    return { config: failed ? undefined : deepFreeze(config), faults: this.#faults, options: this.#effective(raw) };
  }

  #say(id: ConfigFaultId, path: Path, says: string): void {
    const variable = this.#fromEnvironment.get(path.join('.'));
    const from = variable === undefined ? '' : ` (from the environment: ${variable})`;
    this.#faults.push({ at: this.#places.of(path), level: configFaultLevel(id), id, says: says + from });
  }

  /** A copy in which every reference to the environment is its value. */
  #resolve(value: unknown, path: Path): unknown {
    if (isEnvReference(value)) {
      const found = this.#environment[value.env] ?? value.default;
      if (this.#environment[value.env] !== undefined) this.#fromEnvironment.set(path.join('.'), value.env);
      if (found === undefined)
        this.#say('missing-env', path, `${path.join('.')}: the variable ${value.env} is not set and has no default`);
      return found ?? '';
    }
    if (Array.isArray(value)) return value.map((item, index) => this.#resolve(item, [...path, index]));
    if (!isObject(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, this.#resolve(inner, [...path, key])]));
  }

  #warnOfSecrets(given: unknown): void {
    for (const { path, meta } of this.#declared) {
      const value = valueAt(given, path.split('.'));
      if (!meta.secret || typeof value !== 'string' || value === '') continue;
      const says = `${path} stands in the file: write env('NAME'), or set ${meta.env}`;
      this.#say('secret-in-config', path.split('.'), says);
    }
  }

  /** Options of the environment win over the file. A group that may be left out, and is, stays out. */
  #override(raw: { [key: string]: unknown }): void {
    for (const { path, meta, isNumber } of this.#declared) {
      const text = meta.env === undefined ? undefined : this.#environment[meta.env];
      if (text === undefined) continue;
      const segments = path.split('.');
      if (segments[0] === 'simulator' && raw.simulator === undefined) continue;
      let group: unknown = raw;
      for (const segment of segments.slice(0, -1)) {
        if (isObject(group)) group = group[segment] ??= {};
      }
      if (!isObject(group)) continue;
      group[segments.at(-1)!] = isNumber && /^\d{1,16}$/.test(text) ? Number(text) : text;
      this.#fromEnvironment.set(path, meta.env!);
    }
  }

  #tellIssues(issues: readonly z.core.$ZodIssue[], raw: unknown): void {
    const told = new Set<string>();
    for (const issue of issues) {
      const path = issue.path as Path;
      if (issue.code === 'unrecognized_keys') {
        for (const key of issue.keys) this.#tellUnknown(path, key);
        continue;
      }
      const option = this.#optionAt(path);
      const optionPath = option === undefined ? path : path.slice(0, option.path.split('.').length);
      const name = optionPath.join('.');
      if (told.has(name)) continue;
      told.add(name);
      const value = option?.meta.secret ? '***' : valueAt(raw, optionPath);
      const allowed = option?.meta.allowed ?? 'an object of options';
      if (value === undefined) this.#say('missing-option', optionPath, `${name} is not given, allowed: ${allowed}`);
      else this.#say('bad-value', optionPath, `${name}: ${show(value)} given, allowed: ${allowed}`);
    }
  }

  #tellUnknown(path: Path, key: string): void {
    const siblings = [
      ...new Set(
        this.#declared
          .map((option) => option.path.split('.'))
          .filter((segments) => segments.length > path.length && samePath(segments.slice(0, path.length), path))
          .map((segments) => segments[path.length]!),
      ),
    ];
    const near = didYouMean(key, siblings);
    this.#say(
      'unknown-option',
      [...path, key],
      `"${[...path, key].join('.')}" is no option.${near} (${siblings.join(', ')})`,
    );
  }

  #optionAt(path: Path): DeclaredOption | undefined {
    return this.#declared.find((option) => {
      const segments = option.path.split('.');
      return segments.length <= path.length && samePath(segments, path.slice(0, segments.length));
    });
  }

  /** What holds between options. Parts that are broken in themselves are left out; their names count as declared. */
  #check(raw: { [key: string]: unknown }, parsed: ConfigOptions | undefined): Config | undefined {
    const partitions = configOptions.shape.partitions.safeParse(raw.partitions ?? {});
    const accountPartitions = partitions.success ? partitions.data.accounts : 1;
    const assets = this.#assets(raw.assets, accountPartitions);
    const fees = this.#fees(raw.fees);
    const symbols = this.#symbols(raw.symbols, raw.assets, assets, raw.fees, accountPartitions);
    const places = this.#symbolPlaces(raw.symbols, partitions.success ? partitions.data.symbols : {});
    if (parsed === undefined) return undefined;
    return {
      pipeline: parsed.pipeline,
      assets: [...assets.values()],
      symbols,
      fees,
      admission: {
        expiryMicros: parsed.admission.expiry as Micros,
        remembered: parsed.admission.remembered,
        clockAheadMicros: parsed.admission.clockAhead as Micros,
      },
      limits: { openOrders: parsed.limits.openOrders, ordersPerSecond: parsed.limits.orders },
      candles: parsed.candles,
      ...(parsed.simulator === undefined ? {} : { simulator: parsed.simulator }),
      partitions: { accounts: accountPartitions, ...places },
      snapshots: { everyMs: parsed.snapshots.every / 1_000, keep: parsed.snapshots.keep },
      log: { segmentBytes: parsed.log.segment, keepBytes: parsed.log.keep },
      gateway: { ...parsed.gateway, adminPort: adminPortOf(parsed.gateway) },
      settlementLag: {
        throttleAboveMs: parsed.settlementLag.throttle / 1_000,
        haltAboveMs: parsed.settlementLag.halt / 1_000,
        recoverBelowMs: parsed.settlementLag.recover / 1_000,
        throttledOrdersPerSecond: parsed.settlementLag.orders,
      },
      backends: parsed.backends,
    };
  }

  #assets(given: unknown, accountPartitions: number): Map<string, AssetRules> {
    const assets = new Map<string, AssetRules>();
    // Risk keeps the total of an asset in a partition below this, so that no balance can overflow.
    const supply = Math.floor(Number.MAX_SAFE_INTEGER / accountPartitions);
    for (const [name, value] of Object.entries(isObject(given) ? given : {})) {
      if (!ASSET_NAME.test(name)) {
        this.#say(
          'bad-name',
          ['assets', name],
          `asset "${name}": two to ten capital letters and digits are allowed, a letter first`,
        );
      }
      const parsed = assetOptions.safeParse(value);
      if (!parsed.success) continue;
      const { decimals, show: shown = decimals, paper } = parsed.data;
      if (shown > decimals) {
        this.#say(
          'bad-value',
          ['assets', name, 'show'],
          `assets.${name}.show: ${shown} given, at most its ${decimals} decimals are allowed`,
        );
      }
      const units = unitsOfDecimal(paper, decimals);
      const most = `${shortDecimalOfUnits(supply, decimals)} ${name}`;
      const path = ['assets', name, 'paper'];
      if (units === 'too_many_decimals') {
        this.#say('off-step', path, `assets.${name}.paper: ${paper} is finer than its ${decimals} decimals`);
      } else if (typeof units !== 'number' || units > supply) {
        this.#say(
          'unsafe-amount',
          path,
          `assets.${name}.paper: ${paper} given, at most ${most} can exist in one of ${accountPartitions} account partitions`,
        );
      } else {
        if (units * 1_000 > supply) {
          this.#say(
            'small-supply',
            ['assets', name, 'decimals'],
            `assets.${name}: with ${decimals} decimals at most ${most} can exist in one of ${accountPartitions} account partitions, which pays ${Math.floor(supply / units)} paper accounts: fewer decimals give more`,
          );
        }
        assets.set(name, { name, decimals, showDecimals: shown, paperAmount: units as Amount });
      }
    }
    return assets;
  }

  #fees(given: unknown): FeeRules[] {
    const fees: FeeRules[] = [];
    for (const [schedule, value] of Object.entries(isObject(given) ? given : {})) {
      const parsed = feeOptions.safeParse(value);
      if (!parsed.success) continue;
      const { version, maker, taker, in: feeAsset } = parsed.data;
      fees.push({ schedule, version, makerPpm: maker as RatePpm, takerPpm: taker as RatePpm, feeAsset });
    }
    return fees;
  }

  #symbols(
    given: unknown,
    givenAssets: unknown,
    assets: ReadonlyMap<string, AssetRules>,
    givenFees: unknown,
    accountPartitions: number,
  ): SymbolRules[] {
    const assetNames = Object.keys(isObject(givenAssets) ? givenAssets : {});
    const feeNames = Object.keys(isObject(givenFees) ? givenFees : {});
    const symbols: SymbolRules[] = [];
    for (const [name, value] of Object.entries(isObject(given) ? given : {})) {
      const path = ['symbols', name];
      const [, base = '', quote = ''] = SYMBOL_NAME.exec(name) ?? [];
      if (base === '' || base === quote) {
        this.#say('bad-name', path, `symbol "${name}": a name such as BTC-USD is allowed, of two different assets`);
        continue;
      }
      for (const asset of [base, quote]) {
        if (assetNames.includes(asset)) continue;
        const near = didYouMean(asset, assetNames);
        this.#say('unknown-asset', path, `${name}: no asset "${asset}" is declared.${near} (${assetNames.join(', ')})`);
      }
      const parsed = symbolOptions.safeParse(value);
      const schedule = isObject(value) ? value.fees : undefined;
      if (typeof schedule === 'string' && !feeNames.includes(schedule)) {
        const near = didYouMean(schedule, feeNames);
        this.#say(
          'unknown-fees',
          [...path, 'fees'],
          `${name}: no fee schedule "${schedule}" is declared.${near} (${feeNames.join(', ')})`,
        );
      }
      const baseAsset = assets.get(base);
      const quoteAsset = assets.get(quote);
      if (!parsed.success || baseAsset === undefined || quoteAsset === undefined) continue;
      const rules = deriveSymbol(name, parsed.data, baseAsset, quoteAsset, (id, below, says) => {
        this.#say(id, [...path, ...below], says);
      });
      if (rules === undefined) continue;
      symbols.push(rules);
      const supply = Math.floor(Number.MAX_SAFE_INTEGER / accountPartitions);
      if (parsed.data.notional === undefined || rules.maxNotionalAmount <= supply) continue;
      const most = shortDecimalOfUnits(supply, quoteAsset.decimals);
      this.#say(
        'small-supply',
        [...path, 'notional'],
        `${name}: nobody can pay an order of ${parsed.data.notional[1]} ${quote}, because at most ${most} can exist in one of ${accountPartitions} account partitions`,
      );
    }
    return symbols;
  }

  #symbolPlaces(
    given: unknown,
    wanted: { readonly [symbol: string]: 'own' | 'shared' },
  ): Omit<Config['partitions'], 'accounts'> {
    const names = Object.keys(isObject(given) ? given : {});
    for (const name of Object.keys(wanted)) {
      if (name === '*' || names.includes(name)) continue;
      const near = didYouMean(name, names);
      this.#say(
        'unknown-symbol',
        ['partitions', 'symbols', name],
        `partitions.symbols: no symbol "${name}" is declared.${near} (${names.join(', ')}, *)`,
      );
    }
    const others = wanted['*'] ?? 'shared';
    const own = names.filter((name) => (wanted[name] ?? others) === 'own');
    // Partition 0 is the shared one, also for symbols to come; without it they would have no place.
    const symbolPlaces = Object.fromEntries(
      names.map((name) => [name, own.includes(name) ? own.indexOf(name) + 1 : 0]),
    );
    const symbols = own.length + 1;
    if (symbols > idLimits.edgePartitions) {
      this.#say(
        'bad-value',
        ['partitions', 'symbols'],
        `partitions.symbols: ${symbols} partitions, at most ${idLimits.edgePartitions} are allowed`,
      );
    }
    return { symbols, symbolPlaces, sharedPlace: 0 };
  }

  #effective(raw: { [key: string]: unknown }): EffectiveOption[] {
    const found: EffectiveOption[] = [];
    for (const option of this.#declared) {
      for (const path of expand(option.path.split('.'), raw)) {
        const name = path.join('.');
        const value = valueAt(raw, path);
        if (value === undefined && path[0] === 'simulator' && raw.simulator === undefined) continue;
        if (value === undefined && option.default === undefined) continue;
        found.push({
          path: name,
          value: option.meta.secret && value !== undefined ? '***' : (value ?? option.default),
          unit: value === undefined ? option.meta.unit : undefined,
          from: this.#fromEnvironment.get(name) ?? (value === undefined ? 'default' : 'file'),
        });
      }
    }
    return found;
  }
}

/** Paths in the file for a declared path in which `<...>` stands for any name. */
function expand(segments: readonly string[], raw: unknown): string[][] {
  let paths: string[][] = [[]];
  for (const segment of segments) {
    paths = paths.flatMap((path) => {
      if (!segment.startsWith('<')) return [[...path, segment]];
      const inner = valueAt(raw, path);
      return Object.keys(isObject(inner) ? inner : {}).map((name) => [...path, name]);
    });
  }
  return paths;
}

function samePath(declared: readonly string[], path: Path): boolean {
  return declared.every((segment, index) => segment === String(path[index]) || segment.startsWith('<'));
}

function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (inner, key) => (isObject(inner) || Array.isArray(inner) ? (inner as { [key: string]: unknown })[key] : undefined),
    value,
  );
}

function isObject(value: unknown): value is { [key: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function show(value: unknown): string {
  const text = typeof value === 'number' || typeof value === 'bigint' ? String(value) : JSON.stringify(value);
  return (text ?? String(value)).slice(0, 80);
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) for (const inner of Object.values(value)) deepFreeze(inner);
  return Object.freeze(value);
}

/** The port after the gateway's; any that is free where the gateway takes any, or has the last. */
function adminPortOf({ port, adminPort }: ConfigOptions['gateway']): number {
  return adminPort ?? (port === 0 || port === 65_535 ? 0 : port + 1);
}
