import { InvariantBroken } from '../../schemas/assert.ts';
import { ExitError } from '../../schemas/exit.ts';
import { NotCommitted } from './connections.ts';
import { refusals } from './probes.ts';

/** The next record of a partition is not the one that the ledger needs: what lies between is missing. */
export class SequenceGap extends ExitError {
  readonly partition: number;
  readonly wanted: number;
  readonly given: number;

  constructor(partition: number, wanted: number, given: number) {
    super(
      65,
      `gap in what settlement is given: partition ${partition} of the ledger ends at offset ${wanted - 1}, the next block begins at ${given}; ` +
        `offsets ${wanted} to ${given - 1} are missing`,
    );
    this.partition = partition;
    this.wanted = wanted;
    this.given = given;
  }
}

/**
 * What an error of a settlement means. `wait`: the database is away, or the outcome is not known; read the cursor again
 * and go on from there. Otherwise the error that ends the process, with its code.
 *
 * Only errors known to pass are waited for; an unknown one is a bug of ours.
 */
export function judgeSettlementError(error: unknown): 'wait' | Error {
  // A server that did not come up may do so the next time.
  if (error instanceof ExitError && error.code === 75) return 'wait';
  if (error instanceof ExitError || error instanceof InvariantBroken) return error;
  if (error instanceof NotCommitted) return 'wait';
  const code = (error as { code?: unknown } | null)?.code;
  const message = error instanceof Error ? error.message : String(error);
  if (typeof code === 'string' && SQLSTATE.test(code)) return judgeSqlState(code, message, error);
  if (typeof code === 'string' && NETWORK.test(code)) return 'wait';
  if (CLIENT_GAVE_UP.test(message)) return 'wait';
  return new ExitError(70, `settlement failed for a reason nobody foresaw: ${message}`, { cause: error });
}

/** Five characters with a digit among them: EPIPE is none. */
const SQLSTATE = /^(?=.*\d)[0-9A-Z]{5}$/;
/** The system's codes, and those that Node has for a socket that is gone; its others (ERR_...) are bugs of ours. */
const NETWORK = /^(E(?!RR_)[A-Z]+|ERR_STREAM_DESTROYED|ERR_STREAM_WRITE_AFTER_END|ERR_SOCKET_CLOSED)$/;
/** What the client says without a code. */
const CLIENT_GAVE_UP =
  /^(Connection terminated|Query read timeout|timeout expired|timeout exceeded|Client has encountered a connection error|Client was closed|Client is closed|The connections are closed|the connections are closed|This socket has been ended|Cannot call write after a stream was destroyed)/;

function judgeSqlState(code: string, message: string, cause: unknown): 'wait' | Error {
  const end = (exit: 65 | 70 | 75 | 76 | 78, sentence: string): Error =>
    new ExitError(exit, `${sentence}: ${message} (${code})`, { cause });
  switch (code) {
    case refusals.unbalanced:
    case refusals.behindCursor:
    case refusals.malformed:
    case refusals.checkViolated:
    case refusals.overflow:
      return end(70, 'the ledger refuses an entry that settlement made');
    case refusals.keyTaken:
      return end(76, 'the ledger holds another entry under this number');
    case refusals.laterStart:
      return end(75, 'a later start settles this partition');
    case refusals.otherLog:
    case refusals.denied:
      return end(78, 'the ledger cannot be used as it is');
    case refusals.cursorMoved:
      return end(65, "the ledger's cursor is not where it was");
    case '55P03': // lock not available in time
      return 'wait';
    default:
      break;
  }
  switch (code.slice(0, 2)) {
    case '08': // connection
    case '25': // ended inside a transaction; read-only after a change of primary
    case '40': // deadlock, serialization
    case '53': // disk full, memory, too many connections
    case '57': // shutting down, starting up, cancelled
    case '58': // the server's own I/O
    case 'XX': // the server's own bug, or damage that it reports
      return 'wait';
    case '28': // password or pg_hba
    case '3D': // no such database
    case '3F': // no such schema
      return end(78, 'the ledger cannot be reached as configured');
    default:
      return end(70, 'the ledger refuses what settlement sent');
  }
}
