/**
 * Every option of `pipeline.config.ts`, declared once: type, default, check, unit, environment variable and help. The
 * help text, the messages and the effective configuration come from here. Unknown keys are refused.
 */
import { z } from 'zod';
import { CANDLE_INTERVALS } from '../candle-intervals.ts';
import { enumSymbols } from '../generated/records.ts';
import { idLimits } from '../ids.ts';
import { band, basisPoints, bytes, decimalText, duration, durationOrNever, perSecond } from './forms.ts';
import { option, whole } from './option.ts';
import { archiveOptions, cacheOptions, historyOptions, kafkaOptions, ledgerOptions } from './store-options.ts';

export const ASSET_NAME = /^[A-Z][A-Z0-9]{1,9}$/;
export const SYMBOL_NAME = /^([A-Z][A-Z0-9]{1,9})-([A-Z][A-Z0-9]{1,9})$/;

const pair = (help: string) =>
  option(z.tuple([decimalText(), decimalText()]).readonly().optional(), {
    help,
    allowed: "two decimal strings, lowest and highest, such as ['5', '5000000']",
  });

export const assetOptions = z.strictObject({
  decimals: option(whole(0, 15), {
    help: 'The unit that money is counted in is 10^-decimals. Fixed once the asset is in the log.',
    allowed: 'a whole number from 0 to 15',
  }),
  show: option(whole(0, 15).optional(), {
    help: 'Decimals that people read. Default: decimals.',
    allowed: 'a whole number from 0 to decimals',
  }),
  paper: option(decimalText().default('0'), {
    help: 'What a new paper account is given.',
    allowed: "a decimal string such as '100000'",
  }),
});

export const symbolOptions = z.strictObject({
  tick: option(decimalText(), {
    help: 'Smallest step of a price, in quote. Fixed once the symbol is in the log.',
    allowed: "a decimal string above 0, such as '0.01'",
  }),
  lot: option(decimalText(), {
    help: 'Smallest step of a quantity, in base; tick x lot must be whole units of quote. Fixed once the symbol is in the log.',
    allowed: "a decimal string above 0, such as '0.00001'",
  }),
  fees: option(z.string(), { help: 'Name of its fee schedule.', allowed: 'a name declared under fees' }),
  notional: pair('Least and most that one order may be worth, in quote.'),
  price: pair('Lowest and highest price. Default: one tick, to as many ticks as lots keep the largest order exact.'),
  quantity: pair('Smallest and largest quantity. Default: one lot, to what keeps the largest order exact.'),
  band: option(band().default(0), {
    help: "How far a price may be from the reference price. Without a band a market order needs the client's worst price.",
    allowed: "a percentage such as '±10%', or 'none'",
    unit: 'ppm',
  }),
  selfTrade: option(z.enum(enumSymbols.SelfTradeMode).default('cancel_newest'), {
    help: 'What happens when an account would trade with itself, unless the order says otherwise.',
    allowed: enumSymbols.SelfTradeMode.join(', '),
  }),
  selfTradeAllowed: option(
    z
      .array(z.enum(enumSymbols.SelfTradeMode))
      .readonly()
      .default(['cancel_newest', 'cancel_oldest', 'cancel_both', 'decrement']),
    { help: 'Modes that an order may ask for.', allowed: `a list of ${enumSymbols.SelfTradeMode.join(', ')}` },
  ),
  restingOrders: option(whole(1, 16_000_000).default(250_000), {
    help: 'Orders that may rest in the book; one more is refused with book_full.',
    allowed: 'a whole number from 1 to 16,000,000',
  }),
  opens: option(z.enum(enumSymbols.TradingState).default('trading'), {
    help: 'State of a symbol that is new. Later changes of state are admin orders.',
    allowed: enumSymbols.TradingState.join(', '),
  }),
});

export const feeOptions = z.strictObject({
  version: option(whole(1, 1_000_000_000), {
    help: 'Raise it whenever a rate changes: orders keep the version they were placed under.',
    allowed: 'a whole number from 1',
  }),
  maker: option(basisPoints(-10_000, 500_000), {
    help: 'For the order that rested. Negative is a rebate, paid on the fill.',
    allowed: "basis points from '-100 bps' to '5000 bps', with two decimals at most",
    unit: 'ppm',
  }),
  taker: option(basisPoints(0, 500_000), {
    help: 'For the order that came, and for both sides of an auction.',
    allowed: "basis points from '0 bps' to '5000 bps', with two decimals at most",
    unit: 'ppm',
  }),
  in: option(z.enum(enumSymbols.FeeAsset).default('quote'), {
    help: 'Asset in which the fee is charged.',
    allowed: enumSymbols.FeeAsset.join(', '),
  }),
});

const admission = z.strictObject({
  expiry: option(duration(1_000_000, 60_000_000).default(60_000_000), {
    help: 'How long a command may be valid, by log time; also how long its client order id is remembered at least.',
    allowed: "a span from '1s' to '60s'",
    unit: 'µs',
    env: 'SLUICE_ADMISSION_EXPIRY',
  }),
  remembered: option(whole(1_000, 64_000_000).default(8_000_000), {
    help: 'Client order ids that are remembered per partition. When that many are, commands are refused with memory_full.',
    allowed: 'a whole number from 1,000 to 64,000,000',
    env: 'SLUICE_ADMISSION_REMEMBERED',
  }),
  clockAhead: option(duration(1_000, 60_000_000).default(2_000_000), {
    help: 'How far log time may run ahead of the last clock record.',
    allowed: "a span from '1ms' to '60s'",
    unit: 'µs',
    env: 'SLUICE_ADMISSION_CLOCK_AHEAD',
  }),
});

const limits = z.strictObject({
  openOrders: option(whole(0, 10_000_000).default(200), {
    help: 'Open orders that an account may have per symbol. 0 is no limit.',
    allowed: 'a whole number from 0',
    env: 'SLUICE_LIMITS_OPEN_ORDERS',
  }),
  orders: option(perSecond(10_000_000).default(50), {
    help: 'Orders and amends that an account may send.',
    allowed: "a rate such as '50/s', or 'unlimited'",
    unit: 'per second',
    env: 'SLUICE_LIMITS_ORDERS',
  }),
  cancels: option(z.literal('never shed').default('never shed'), {
    help: 'Cancels are never refused for load: there is no other choice.',
    allowed: "'never shed'",
  }),
});

const simulator = z.strictObject({
  seed: option(whole(0, Number.MAX_SAFE_INTEGER).default(7), {
    help: 'One seed gives one day.',
    allowed: 'a whole number from 0',
    env: 'SLUICE_SIMULATOR_SEED',
  }),
  accounts: option(whole(2, 10_000).default(40), {
    help: 'House accounts that make the market.',
    allowed: 'a whole number from 2 to 10,000',
    env: 'SLUICE_SIMULATOR_ACCOUNTS',
  }),
  ordersPerSecond: option(whole(0, 20_000).default(200), {
    help: 'Commands of the house over all symbols.',
    allowed: 'a whole number from 0 to 20,000',
    env: 'SLUICE_SIMULATOR_ORDERS_PER_SECOND',
  }),
});

const partitions = z.strictObject({
  accounts: option(whole(1, idLimits.edgePartitions).default(4), {
    help: 'Partitions of the logs that are keyed by account. Fixed for a data directory.',
    allowed: `a whole number from 1 to ${idLimits.edgePartitions}`,
    env: 'SLUICE_PARTITIONS_ACCOUNTS',
  }),
  symbols: option(z.record(z.string(), z.enum(['own', 'shared'])).default({ '*': 'shared' }), {
    help: "Whether a symbol has a partition of its own or shares one; '*' speaks for the others. The count is fixed for a data directory.",
    allowed: "'own' or 'shared' by symbol, such as { 'BTC-USD': 'own', '*': 'shared' }",
  }),
});

const snapshots = z.strictObject({
  every: option(duration(100_000, 86_400_000_000).default(10_000_000), {
    help: 'Time between two snapshots of all stages: a start replays at most that much.',
    allowed: "a span from '100ms' to '1d'",
    unit: 'µs',
    env: 'SLUICE_SNAPSHOTS_EVERY',
  }),
  keep: option(whole(2, 1_000).default(3), {
    help: 'Snapshots that are kept.',
    allowed: 'a whole number from 2 to 1,000',
    env: 'SLUICE_SNAPSHOTS_KEEP',
  }),
});

const log = z.strictObject({
  segment: option(bytes(1024 ** 2, 1024 ** 3).default(64 * 1024 ** 2), {
    help: 'Size of a segment file, preallocated.',
    allowed: "a size from '1 MB' to '1 GB'",
    unit: 'bytes',
    env: 'SLUICE_LOG_SEGMENT',
  }),
  keep: option(bytes(1024 ** 2, 1024 ** 5).default(64 * 1024 ** 3), {
    help: 'Older segments beyond this size go, once no snapshot and no sink needs them and they are archived.',
    allowed: "a size from '1 MB' to '1024 TB'",
    unit: 'bytes',
    env: 'SLUICE_LOG_KEEP',
  }),
});

/** A bare number would be believed by Fastify as a count of proxies: addresses have a point or a colon. */
const networkList = /^(?=[^,]*[.:])[0-9a-fA-F.:]+(?:\/\d{1,3})?(?:,(?=[^,]*[.:])[0-9a-fA-F.:]+(?:\/\d{1,3})?)*$/;

const gateway = z.strictObject({
  host: option(z.string().min(1).default('127.0.0.1'), {
    help: 'Address that the gateway listens on.',
    allowed: "a host name or address, such as '127.0.0.1'",
    env: 'SLUICE_GATEWAY_HOST',
  }),
  port: option(whole(0, 65_535).default(7_717), {
    help: 'Port that the gateway listens on; 0 takes any that is free.',
    allowed: 'a whole number from 0 to 65535',
    env: 'SLUICE_GATEWAY_PORT',
  }),
  adminPort: option(whole(0, 65_535).optional(), {
    help: 'Port that operators are listened to on; 0 takes any that is free. Default: the one after port.',
    allowed: 'a whole number from 0 to 65535',
    env: 'SLUICE_GATEWAY_ADMIN_PORT',
  }),
  trustedProxies: option(z.string().regex(networkList).optional(), {
    help: 'Proxies in front of the gateway, whose word for the address of a client counts. Default: nobody.',
    allowed: "addresses and networks, such as '10.0.0.0/8,192.0.2.7'",
    env: 'SLUICE_GATEWAY_TRUSTED_PROXIES',
  }),
});

const settlementLag = z.strictObject({
  throttle: option(durationOrNever(1_000_000, 86_400_000_000).default(0), {
    help: 'Settlement further behind than this: every account may send fewer orders, until it keeps up again.',
    allowed: "a span from '1s' to '1d', or 'never'",
    unit: 'µs',
    env: 'SLUICE_SETTLEMENT_LAG_THROTTLE',
  }),
  halt: option(durationOrNever(1_000_000, 86_400_000_000).default(0), {
    help: 'Further than this: markets halt, until it keeps up again. Without it trading goes on while PostgreSQL is away.',
    allowed: "a span from '1s' to '1d', or 'never'",
    unit: 'µs',
    env: 'SLUICE_SETTLEMENT_LAG_HALT',
  }),
  recover: option(duration(100_000, 86_400_000_000).default(2_000_000), {
    help: 'Settlement keeps up again when it is less behind than this.',
    allowed: "a span from '100ms' to '1d'",
    unit: 'µs',
    env: 'SLUICE_SETTLEMENT_LAG_RECOVER',
  }),
  orders: option(whole(1, 1_000_000).default(5), {
    help: 'Orders and amends that an account may send in a second while they are throttled.',
    allowed: 'a whole number from 1 to 1,000,000',
    env: 'SLUICE_SETTLEMENT_LAG_ORDERS',
  }),
});

const backends = z.strictObject({
  kind: option(z.enum(['embedded', 'cluster']), {
    help: 'Where the graph runs: in one process on files, or in as many processes as wanted on topics of Kafka.',
    allowed: 'embedded(directory), cluster(directory)',
    env: 'SLUICE_BACKENDS',
  }),
  dataDir: option(z.string().min(1), {
    help: 'Directory of everything that lasts. One process owns it; in a cluster each process has one of its own in it.',
    allowed: "a path, such as embedded('./data')",
    env: 'SLUICE_DATA_DIR',
  }),
  kafka: kafkaOptions.prefault({}),
  history: historyOptions.prefault({}),
  archive: archiveOptions.prefault({}),
  ledger: ledgerOptions.prefault({}),
  cache: cacheOptions.prefault({}),
});

/** The whole file. `simulator` left out is an empty exchange. */
export const configOptions = z.strictObject({
  pipeline: option(z.string().regex(/^[a-z][a-z0-9-]*$/), {
    help: 'Which topology runs: the name of a file under pipelines/.',
    allowed: "the name of a file under pipelines/, such as 'spot'",
  }),
  assets: z.record(z.string(), assetOptions),
  symbols: z.record(z.string(), symbolOptions),
  fees: z.record(z.string(), feeOptions),
  admission: admission.prefault({}),
  limits: limits.prefault({}),
  candles: option(
    z
      .array(z.enum(CANDLE_INTERVALS))
      .min(1)
      .readonly()
      .default([...CANDLE_INTERVALS]),
    {
      help: 'Candle intervals that are stored and served.',
      allowed: `a list of ${CANDLE_INTERVALS.join(', ')}`,
    },
  ),
  simulator: simulator.optional(),
  partitions: partitions.prefault({}),
  snapshots: snapshots.prefault({}),
  log: log.prefault({}),
  gateway: gateway.prefault({}),
  settlementLag: settlementLag.prefault({}),
  backends,
});

export type ConfigOptions = z.output<typeof configOptions>;
export type ConfigFile = z.input<typeof configOptions>;
export type SymbolFile = z.input<typeof symbolOptions>;
