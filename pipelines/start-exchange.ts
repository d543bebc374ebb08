/**
 * The embedded exchange of a project, from its files to a running graph: own the data directory, recover, compare the
 * configuration with the log, play what is to be played ahead of time, open the lanes, let the sources in.
 */
import { readFileSync } from 'node:fs';
import { configurationIn } from '../operators/control/known-configuration.ts';
import { referencePricesIn } from '../operators/match-orders.ts';
import { configChanges, findPlaces, placeSymbolsOf } from '../schemas/config.ts';
import type { AnyRecord, RecordType } from '../schemas/generated/records.ts';
import { offsetOfPosition } from '../schemas/ids.ts';
import type { ConfigurationChanges } from '../sources/configuration-changes.ts';
import type { Recording } from '../sources/recordings/recording.ts';
import type { SimulatedMarket } from '../sources/simulated-market.ts';
import { DAY_MICROS, playFirstDay } from './first-day.ts';
import { type Project, refuse } from './load-project.ts';
import { checkGraph } from './runtime/checks/check-graph.ts';
import { type EmbeddedExchange, type ExchangeOptions, openExchange } from './runtime/embedded/exchange.ts';
import type { Clock } from './runtime/outside/clock.ts';
import { lockDirectory } from './runtime/outside/directory-lock.ts';
import type { Disk } from './runtime/outside/disk.ts';

/** What makes room or calms the market: taken also while the disk or the intake is full, from what is kept in reserve. */
const CALMING: ReadonlySet<RecordType> = new Set(['cancel', 'cancel_all', 'admin', 'key_revocation', 'tick']);

/** A recording brings its own time and its own orders. */
const RECORDED_INSTEAD: ReadonlySet<string> = new Set(['clock', 'simulator']);

export interface StartOptions {
  readonly project: Project;
  readonly dataDir: string;
  readonly disk: Disk;
  readonly clock: Clock;
  /** Play this instead of the simulated market; its rules take the place of the configuration's. */
  readonly recording?: Recording | undefined;
  /** Play a day of market into a new data directory, with so many orders a second of log time; undefined: none. */
  readonly firstDayOrdersPerSecond?: number | undefined;
  readonly syncIntervalMs?: number | undefined;
  /** What serves others beside a sink. Undefined: nobody does. */
  readonly hosts?: ExchangeOptions['hosts'];
  /** Asked once the data directory is owned and before anything is read: a refusal comes before the work. */
  readonly beforeRecovery?: () => Promise<void>;
  readonly say: (line: string) => void;
  readonly fail: (error: unknown) => void;
}

export interface StartedExchange {
  readonly exchange: EmbeddedExchange;
  /** Configuration in force. */
  readonly inForce: readonly AnyRecord[];
  stop(): Promise<void>;
}

/** Sinks that the topology declares and the configuration gives nothing to write to. */
function unwantedSinks({ graph, config }: Project): Set<string> {
  const sinks = graph.nodes.flatMap((node) => (node.kind === 'sink' ? [node] : []));
  return new Set(sinks.filter(({ definition }) => definition.wanted?.(config) === false).map(({ id }) => id));
}

/** Throws `ExitError` where it must not go on: 78 refused, 65 damage, 76 the replay differs from the log. */
export async function startExchange(options: StartOptions): Promise<StartedExchange> {
  const { project, dataDir, disk, clock, recording, say, fail } = options;
  const errors = checkGraph(project.graph).filter(({ level }) => level === 'error');
  if (errors.length > 0) refuse(errors);
  const lock = lockDirectory(dataDir);
  let opened: EmbeddedExchange | undefined;
  try {
    await options.beforeRecovery?.();
    const exchange = await openExchange({
      graph: project.graph,
      topologyUrl: project.topologyUrl,
      dataDir,
      config: project.config,
      configurationHash: project.configurationHash,
      counts: project.counts,
      disk,
      clock,
      snapshots: project.config.snapshots,
      segmentBytes: project.config.log.segmentBytes,
      keepLogBytes: project.config.log.keepBytes,
      calming: CALMING,
      withoutSinks: unwantedSinks(project),
      syncIntervalMs: options.syncIntervalMs,
      ...(options.hosts ? { hosts: options.hosts } : {}),
      say,
      fail,
    });
    opened = exchange;
    sayRecovery(exchange, say);
    const fresh = exchange.recovery.log.end.commit === 0;
    const endMicros = clock.nowMicros();
    // Log time never goes back: what comes before a day of the past must be stamped before it.
    const ordersPerSecond =
      fresh && !recording && project.config.simulator ? options.firstDayOrdersPerSecond : undefined;
    const stampedMicros = recording ? 1 : ordersPerSecond ? endMicros - DAY_MICROS : endMicros;
    const inForce = await applyConfiguration(exchange, project, recording, stampedMicros, say);
    if (ordersPerSecond) await firstDay(exchange, endMicros, ordersPerSecond, say);
    await exchange.start(recording ? RECORDED_INSTEAD : undefined);
    return {
      exchange,
      inForce,
      async stop() {
        await exchange.stop();
        lock.release();
      },
    };
  } catch (error) {
    // The reason it is let go for counts, not what else fails on the way.
    await opened?.abandon().catch(() => {});
    lock.release();
    throw error;
  }
}

function sayRecovery({ recovery }: EmbeddedExchange, say: (line: string) => void): void {
  const { log, replayed, snapshotCommands, tookMs } = recovery;
  if (log.torn) {
    say(
      `a torn write of commit ${log.torn.commit} was cut off (${log.torn.bytes} bytes): nothing of it was acknowledged`,
    );
  }
  if (log.end.commit === 0) return;
  const after = snapshotCommands > 0 ? ` after the ${snapshotCommands.toLocaleString('en-US')} of the snapshot` : '';
  say(
    `recovered ${replayed.commands.toLocaleString('en-US')} commands${after}, ${replayed.records.toLocaleString('en-US')} records equal to the log, in ${(tookMs / 1000).toFixed(2)} s`,
  );
}

/** Appends what the file changed, or refuses. Resolves with what is in force then. */
async function applyConfiguration(
  exchange: EmbeddedExchange,
  project: Project,
  recording: Recording | undefined,
  stampedMicros: number,
  say: (line: string) => void,
): Promise<readonly AnyRecord[]> {
  const known = configurationIn(exchange.stageState('steer'));
  const { records, notices } = recording
    ? { records: recordingRules(recording, known), notices: [] }
    : configChanges(project.config, known);
  if (notices.length > 0) {
    const places = findPlaces(project.configFile, readFileSync(project.configFile, 'utf8'));
    const faults = notices.map(({ level, id, says, path }) => ({ at: places.of(path), level, id, says }));
    if (faults.some(({ level }) => level === 'error')) refuse(faults);
    for (const { says } of faults) say(`warning: ${says}`);
  }
  exchange.placeSymbols(
    recording ? placesOfRecording(recording) : placeSymbolsOf(project.config, [...known, ...records]),
  );
  await exchange.openSources(inForceOf(exchange, known, records));
  const changes = exchange.sources.get('config') as ConfigurationChanges;
  for (const record of records) {
    const { position } = await changes.apply(record, stampedMicros);
    if (known.length > 0)
      say(`configuration: ${record.type} took effect at control offset ${offsetOfPosition(position)}`);
  }
  return configurationIn(exchange.stageState('steer'));
}

function inForceOf(
  exchange: EmbeddedExchange,
  known: readonly AnyRecord[],
  changed: readonly AnyRecord[],
): AnyRecord[] {
  const partitions = exchange.catalog.partitions.orders ?? 0;
  const references = Array.from({ length: partitions }, (_, partition) =>
    referencePricesIn(exchange.stageState('match', partition)),
  );
  return [...known, ...changed, ...references.flat()];
}

function recordingRules(recording: Recording, known: readonly AnyRecord[]) {
  const { assets, symbol, fees, limits } = recording.rules;
  return known.length > 0 ? [] : [...assets, fees, symbol, limits];
}

function placesOfRecording({ rules }: Recording): Map<number, number> {
  return new Map([[rules.symbol.symbol, 0]]);
}

async function firstDay(
  exchange: EmbeddedExchange,
  endMicros: number,
  ordersPerSecond: number,
  say: (line: string) => void,
): Promise<void> {
  const market = exchange.sources.get('simulator') as SimulatedMarket | undefined;
  if (!market?.simulator) return;
  say('a new data directory: 24 hours of thin market run through the graph first, so that no chart is empty');
  const day = await playFirstDay(exchange, market.simulator, { endMicros, ordersPerSecond }, say);
  say(`  ${day.commands.toLocaleString('en-US')} orders in ${(day.tookMs / 1000).toFixed(1)} s`);
}
