/** A lane at work, as the exchange sees it, wherever it runs. */
export interface LaneStatus {
  readonly sink: string;
  readonly runs: 'worker' | 'main';
  /** Next offset not yet durable in the sink, by `log/partition`. */
  readonly positions: { readonly [logPartition: string]: number };
  /** Records passed by edge name. */
  readonly edges: { readonly [name: string]: number };
  readonly figures: { readonly [nameWithUnit: string]: number | string };
  /** Blocks handed over and not yet durable, and how often that queue was full. */
  readonly queued: number;
  readonly waits: number;
  readonly blocks: number;
  /** Log time of the newest block that is durable in the sink, microseconds; 0: none in this run. */
  readonly timeMicros: number;
  readonly state: string;
}

export interface RunningLane {
  status(): LaneStatus;
  stop(): Promise<void>;
}
