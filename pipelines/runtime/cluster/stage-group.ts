/**
 * A process's share of a stage: a member of the group that divides the inbox's partitions. A partition that is assigned is
 * restored and goes live; one that is revoked is cut and left. An owner that was lost harms nothing: it can only repeat.
 */
import type { LogReading, ReadFrom } from './broker.ts';
import { StageRunner, type StageRunnerOptions, type StageStatus } from './stage-runner.ts';

export interface StageGroupOptions extends Omit<StageRunnerOptions, 'partition'> {
  readonly group: string;
  readonly sessionMs: number;
  /** Follow every partition warm, and take over where no other member is left. */
  readonly standby: boolean;
}

export class StageGroup {
  readonly #options: StageGroupOptions;
  readonly #owned = new Map<number, StageRunner>();
  readonly #warm = new Map<number, { readonly runner: StageRunner; readonly reading: LogReading }>();
  #membership: LogReading | undefined;

  constructor(options: StageGroupOptions) {
    this.#options = options;
  }

  /** Resolves when this process is a member of the group, with partitions or without. */
  async start(): Promise<void> {
    const { group, sessionMs, standby, source, topicOf, log, catalog, fail } = this.#options;
    if (standby) {
      for (let partition = 0; partition < catalog.partitions[log]!; partition++) await this.#follow(partition);
    }
    this.#membership = await source.join({
      group,
      topics: [topicOf(log)],
      sessionMs,
      standby,
      onAssigned: async (partitions) => Promise.all(partitions.map((partition) => this.#take(partition))),
      onRevoked: async (partitions) => {
        await Promise.all(partitions.map((partition) => this.#leave(partition)));
      },
      onRecords: ({ partition }, records, end) => this.#owned.get(partition)?.take(records, end),
      fail,
    });
  }

  status(): StageStatus[] {
    const runners = [...this.#owned.values(), ...[...this.#warm.values()].map(({ runner }) => runner)];
    return runners.map((runner) => runner.status());
  }

  /** Records passed by edge, of the partitions that are owned here. */
  edges(): { readonly [edge: string]: number } {
    const passed: { [edge: string]: number } = {};
    for (const { stage } of this.#owned.values()) {
      for (const { name, records } of stage.edges.values()) {
        if (records > 0) passed[name] = (passed[name] ?? 0) + records;
      }
    }
    return passed;
  }

  async stop(): Promise<void> {
    await this.#membership?.close();
    for (const { runner, reading } of this.#warm.values()) {
      await reading.close();
      await runner.close({ save: false });
    }
  }

  async #take(partition: number): Promise<ReadFrom> {
    const warm = this.#warm.get(partition);
    this.#warm.delete(partition);
    await warm?.reading.close();
    const runner = warm?.runner ?? (await StageRunner.open({ ...this.#options, partition }));
    await runner.own();
    this.#owned.set(partition, runner);
    this.#options.say(`${this.#options.log}/${partition}: owned from offset ${runner.nextOffset}`);
    return runner.from;
  }

  async #leave(partition: number): Promise<void> {
    const runner = this.#owned.get(partition);
    this.#owned.delete(partition);
    await runner?.close({ save: true });
    if (this.#options.standby && this.#membership) await this.#follow(partition);
  }

  async #follow(partition: number): Promise<void> {
    const { source, fail } = this.#options;
    const runner = await StageRunner.open({ ...this.#options, partition });
    runner.stand();
    const reading = await source.read({
      partitions: [runner.from],
      onRecords: (_from, records, end) => runner.take(records, end),
      fail,
    });
    this.#warm.set(partition, { runner, reading });
  }
}
