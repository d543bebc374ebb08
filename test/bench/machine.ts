import { availableParallelism, cpus, totalmem } from 'node:os';

export interface Machine {
  readonly processor: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly platform: string;
  readonly node: string;
  readonly v8: string;
  /** All of it on one line. */
  readonly line: string;
}

/** What a figure was measured on. Figures of two machines are never compared. */
export function thisMachine(): Machine {
  const processor = cpus()[0]?.model.trim() ?? 'unknown processor';
  const cores = availableParallelism();
  const memoryBytes = totalmem();
  const platform = `${process.platform} ${process.arch}`;
  const node = process.version;
  const gibibytes = Math.round(memoryBytes / 2 ** 30);
  const line = `machine: ${cores} x ${processor}, ${gibibytes} GiB, ${platform}, Node ${node}, V8 ${process.versions.v8}`;
  return { processor, cores, memoryBytes, platform, node, v8: process.versions.v8, line };
}
