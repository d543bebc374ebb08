/** Sends a command and reads, in what it durably caused, how it ended for its account. */
import type { AnyRecord, RejectReason } from '../../schemas/generated/records.ts';
import { formatId } from '../../schemas/ids.ts';
import type { CausedRecord, GatewayCommand, GatewayParts } from '../ports.ts';
import { RequestRefused, reasonSentences } from './errors.ts';
import type { Explanation } from './explain-reject.ts';

export interface Answered {
  /** Records of the account, in order. */
  readonly own: readonly AnyRecord[];
  /** Of the last of them: where the answer stands in the account's own sequence. */
  readonly sequence: string;
  /** The command is one that was known, and nothing happened again. */
  readonly duplicate: boolean;
}

export interface Submission {
  readonly traceparent: string | null;
  /** What a reason means in the words of the request. */
  readonly explain: (reason: RejectReason) => Explanation;
}

/** Resolves when all that the command caused is durable; throws {@link RequestRefused} where the exchange refused it. */
export async function submitCommand(
  command: GatewayCommand,
  { commands }: GatewayParts,
  { traceparent, explain }: Submission,
): Promise<Answered> {
  let records: readonly CausedRecord[];
  try {
    ({ records } = await commands.submit(command, traceparent));
  } catch (error) {
    if ((error as Error).name !== 'Overloaded') throw error;
    throw new RequestRefused({
      code: 'overloaded',
      message: 'The exchange takes no more commands just now; try again shortly.',
    });
  }
  const own = records
    .filter(({ log, record }) => log === 'accounts' && 'account' in record && record.account === command.account)
    .map(({ record }) => record);
  const sequence = formatId(own.at(-1)?.seq ?? 0);
  const rejected = own.find((record) => record.type === 'rejected');
  if (rejected) {
    const { reason } = rejected;
    throw new RequestRefused({ code: reason, message: reasonSentences[reason], ...explain(reason), sequence });
  }
  return { own, sequence, duplicate: own.some((record) => record.type === 'repeated') };
}
