/**
 * How a process may end. 65, 70, 74 and 76 mean "do not restart blindly"; after 75 a restart is safe; 78 wants another
 * configuration. The last line on stderr names the runbook page.
 */
export const exitCodes = {
  done: 0,
  failed: 1,
  wrongUsage: 2,
  /** A gap, or a bad checksum, in a log. */
  logDamaged: 65,
  /** A broken invariant: a bug of ours. */
  invariantBroken: 70,
  /** A write or fsync failed. */
  writeFailed: 74,
  /** Ownership lost, or a dependency that will not answer. */
  unavailable: 75,
  /** A replay disagrees with the log. */
  replayDiffers: 76,
  configurationRefused: 78,
} as const;

/** The codes that an {@link ExitError} may carry. */
export type ExitCode = 65 | 70 | 74 | 75 | 76 | 78;

/** Page under `infra/runbooks/` that tells what to do after an end with this code. */
export const runbookPages: { readonly [Code in ExitCode]: string } = {
  65: 'infra/runbooks/65-log-damaged.md',
  70: 'infra/runbooks/70-invariant-broken.md',
  74: 'infra/runbooks/74-write-failed.md',
  75: 'infra/runbooks/75-unavailable.md',
  76: 'infra/runbooks/76-replay-differs.md',
  78: 'infra/runbooks/78-configuration-refused.md',
};

/** Ends the process with a code of the closed list; whoever is outermost prints the message and the runbook page. */
export class ExitError extends Error {
  override readonly name = 'ExitError';
  readonly code: ExitCode;

  constructor(code: ExitCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }

  get runbookPage(): string {
    return runbookPages[this.code];
  }
}
