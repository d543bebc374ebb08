/**
 * Snapshots of stage partitions as objects: created once, never changed. Their form is that of the embedded run; `about`
 * holds what a reader of topics needs besides. Two owners that cut at the same place make the same states.
 */
import { ExitError } from '../../../schemas/exit.ts';
import { decodeSnapshot, encodeSnapshot, type Snapshot } from '../snapshots/snapshot-file.ts';
import type { FilterState } from './record-filter.ts';
import type { ChainEnd, StagePartitionState } from './stage-partition.ts';

/** Where snapshots lie: a folder or a bucket. */
export interface SnapshotObjects {
  readonly name: string;
  create(key: string, bytes: Uint8Array): Promise<'created' | 'exists'>;
  read(key: string): Promise<Uint8Array | undefined>;
  list(prefix: string): Promise<string[]>;
}

export interface StageCut {
  readonly log: string;
  readonly partition: number;
  readonly generation: number;
  readonly configurationHash: string;
  readonly takenAtMicros: number;
  readonly filter: FilterState;
  readonly stage: StagePartitionState;
  /** Position of each target's topic, by `log/partition`: nothing that the stage says after this cut lies before it. */
  readonly targetEnds: { readonly [logPartition: string]: number };
}

interface About {
  readonly filter: FilterState;
  readonly ends: readonly ChainEnd[];
  readonly targetEnds: StageCut['targetEnds'];
}

export interface FoundCut {
  readonly key: string;
  readonly cut: StageCut;
}

export class StageSnapshots {
  readonly #objects: SnapshotObjects;
  readonly #prefix: string;

  constructor(objects: SnapshotObjects, generation: number, log: string, partition: number) {
    this.#objects = objects;
    this.#prefix = `snapshots/g${generation}/${log}-${partition}/`;
  }

  /** Durable when it resolves. Answers its key. Throws `ExitError` 76 where the same cut has another state. */
  async save(cut: StageCut): Promise<string> {
    const key = `${this.#prefix}${String(cut.filter.nextPhysical).padStart(16, '0')}.snapshot`;
    const made = await this.#objects.create(key, encodeSnapshot(toSnapshot(cut)));
    if (made === 'created') return key;
    const there = await this.#read(key);
    if (typeof there === 'string') return key;
    for (const [index, { stage, stateHash }] of cut.stage.stages.entries()) {
      const other = there.stage.stages[index];
      if (other?.stage === stage && other.stateHash === stateHash) continue;
      throw new ExitError(
        76,
        `${key}: ${stage} has state ${other?.stateHash} there and ${stateHash} here, after the same records`,
      );
    }
    return key;
  }

  /** Newest first; those that cannot be used are told to `refused` and left out. */
  async *newest(refused: (key: string, why: string) => void): AsyncGenerator<FoundCut> {
    const keys = (await this.#objects.list(this.#prefix)).filter((key) => key.endsWith('.snapshot')).reverse();
    for (const key of keys) {
      const cut = await this.#read(key);
      if (typeof cut === 'string') refused(key, cut);
      else yield { key, cut };
    }
  }

  async #read(key: string): Promise<StageCut | string> {
    const bytes = await this.#objects.read(key);
    if (bytes === undefined) return 'it is gone';
    const snapshot = decodeSnapshot(bytes);
    return typeof snapshot === 'string' ? snapshot : fromSnapshot(snapshot);
  }
}

function toSnapshot(cut: StageCut): Snapshot {
  const { log, partition, generation, configurationHash, takenAtMicros, filter, stage, targetEnds } = cut;
  const about: About = { filter, ends: stage.ends, targetEnds };
  const producers = filter.chains.map(({ chainKey, last }) => ({ chainKey, last }));
  return {
    series: `${log}-${partition}`,
    from: 0,
    mark: { commit: filter.nextOffset, hash: new Uint8Array(32) },
    generation,
    takenAtMicros,
    about: { ...about },
    stages: stage.stages.map((part) => ({
      stage: part.stage,
      partition,
      generation,
      inbox: { log, partition, nextOffset: filter.nextOffset },
      timeMicros: stage.timeMicros,
      producers,
      targets: [],
      stateHash: part.stateHash,
      configurationHash,
      state: part.state,
    })),
  };
}

function fromSnapshot({ generation, takenAtMicros, about, stages }: Snapshot): StageCut {
  const { filter, ends, targetEnds } = about as unknown as About;
  const [first] = stages;
  return {
    log: first!.inbox.log,
    partition: first!.partition,
    generation,
    configurationHash: first!.configurationHash,
    takenAtMicros,
    filter,
    stage: {
      timeMicros: first!.timeMicros,
      ends,
      stages: stages.map(({ stage, stateHash, state }) => ({ stage, stateHash, state: Uint8Array.from(state) })),
    },
    targetEnds,
  };
}
