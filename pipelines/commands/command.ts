/** One verb of `sluice`. Data goes to `out`, notices to `err`; the answer is the exit code. */
export interface CommandIo {
  /** A line of data. */
  readonly out: (line: string) => void;
  /** A line of notice. */
  readonly err: (line: string) => void;
  /** True where `out` is a terminal. */
  readonly terminal: boolean;
  /** Ends when the user interrupts: long runs stop then. */
  readonly signal: AbortSignal;
}

export interface Command {
  readonly name: string;
  /** What follows `sluice`, e.g. `log ls|cat|verify [--data DIR]`. */
  readonly usage: string;
  readonly summary: string;
  run(args: readonly string[], io: CommandIo): Promise<number>;
}

/** Wrong words on the command line: exit 2, with the verb's usage. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
