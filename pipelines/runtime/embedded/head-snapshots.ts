/** The head's state as snapshot files of the series `head`, one file a cut, one part a stage and partition. */
import type { Catalog } from '../catalog.ts';
import type { Clock } from '../outside/clock.ts';
import type { Snapshot, StageSnapshot } from '../snapshots/snapshot-file.ts';
import type { Head, HeadSnapshot } from './head.ts';

export const HEAD_SERIES = 'head';

interface About {
  readonly commands: number;
  readonly logs: HeadSnapshot['logs'];
  readonly sequences: HeadSnapshot['sequences'];
  readonly times: HeadSnapshot['times'];
  readonly lastTick: HeadSnapshot['lastTick'];
}

export interface CutFacts {
  readonly catalog: Catalog;
  /** Last commit that was durable when the head stood here. */
  readonly from: number;
  readonly configurationHash: string;
  readonly clock: Clock;
}

/** The head as it stands, at a command's end. To be written, with a mark, once all that it holds is durable. */
export function takeHeadSnapshot(
  head: Head,
  { catalog, from, configurationHash, clock }: CutFacts,
): Omit<Snapshot, 'mark'> {
  const taken = head.snapshot();
  const { commands, logs, sequences, times, lastTick } = taken;
  const about: About = { commands, logs, sequences, times, lastTick };
  const stages = taken.stages.map((part): StageSnapshot => {
    const inbox = head.inboxes.find(({ instances }) =>
      instances.some(({ stage, partition }) => stage === part.stage && partition === part.partition),
    )!;
    return {
      stage: part.stage,
      partition: part.partition,
      generation: catalog.generation,
      inbox: { log: inbox.log, partition: inbox.partition, nextOffset: part.inboxOffset },
      timeMicros: inbox.timeMicros,
      producers: sequencesInto(head, taken, inbox.log, inbox.partition),
      targets: targetsOf(head, taken, part.stage, part.partition),
      stateHash: part.stateHash,
      configurationHash,
      state: part.state,
    };
  });
  const takenAtMicros = clock.nowMicros();
  return { series: HEAD_SERIES, from, generation: catalog.generation, takenAtMicros, about: { ...about }, stages };
}

export function headSnapshotOf(snapshot: Snapshot): HeadSnapshot {
  const { commands, logs, sequences, times, lastTick } = snapshot.about as unknown as About;
  const stages = snapshot.stages.map(({ stage, partition, inbox, stateHash, state }) => ({
    stage,
    partition,
    inboxOffset: inbox.nextOffset,
    stateHash,
    state,
  }));
  return { commands, logs, sequences, times, lastTick, stages };
}

function sequencesInto(head: Head, taken: HeadSnapshot, log: string, partition: number) {
  const numbers = new Set(
    [...head.edges.values()].filter(({ name }) => name.endsWith(`-> ${log}`)).map(({ number }) => number),
  );
  return taken.sequences.filter(
    ({ chainKey }) => numbers.has(Math.floor(chainKey / 4096)) && chainKey % 64 === partition,
  );
}

function targetsOf(head: Head, taken: HeadSnapshot, stage: string, partition: number) {
  return [...head.edges.values()].flatMap((edge) => {
    if (edge.number < 0 || !edge.name.startsWith(`${stage}.`)) return [];
    const log = edge.name.slice(edge.name.indexOf('-> ') + 3);
    return taken.sequences
      .filter(
        ({ chainKey }) => Math.floor(chainKey / 4096) === edge.number && Math.floor(chainKey / 64) % 64 === partition,
      )
      .map(({ chainKey, last }) => ({
        chainKey,
        nextSequence: last + 1,
        log,
        partition: chainKey % 64,
        endOffset: taken.logs[log]![chainKey % 64]!,
      }));
  });
}
