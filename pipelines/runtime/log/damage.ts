import { ExitError } from '../../../schemas/exit.ts';
import { segmentName } from '../../../schemas/log-format.ts';

/** One place of a log that is not as it was written. */
export interface Damage {
  /** First commit of the segment, which is its name. */
  readonly segmentFirstCommit: number;
  /** Commit in which it lies, or which should begin there. */
  readonly commit: number;
  /** Byte of the segment file. */
  readonly at: number;
  /** The record, where one can be named. */
  readonly record?: { readonly log: number; readonly partition: number; readonly offset: number } | undefined;
  readonly what: string;
  /** The commit's hash is right, so it is as it was written; but it does not continue this log. No crash can do that. */
  readonly asWritten?: boolean | undefined;
}

/** A log that must not be used as it is (exit 65): nothing was changed; repair comes from the archive or a replica. */
export class LogDamaged extends ExitError {
  readonly damage: Damage;

  constructor(damage: Damage, why = '') {
    super(65, `${describeDamage(damage)}${why && `. ${why}`}`);
    this.damage = damage;
  }
}

export function describeDamage(damage: Damage): string {
  const { record } = damage;
  const named = record ? `, log ${record.log}, partition ${record.partition}, offset ${record.offset}` : '';
  return `segment ${segmentName(damage.segmentFirstCommit)}, commit ${damage.commit}${named}, byte ${damage.at}: ${damage.what}`;
}
