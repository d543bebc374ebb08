/** Sends a command and reads, in what it durably caused, how it ended for its account. */
import type { AccountId, AnyRecord, RejectReason } from '../../schemas/generated/records.ts';
import { formatId } from '../../schemas/ids.ts';
import type { GatewayCommand, GatewayParts, Submitted } from '../ports.ts';
import { type Refusal, RequestRefused, reasonSentences } from './errors.ts';
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
  { commands }: Pick<GatewayParts, 'commands'>,
  { traceparent, explain }: Submission,
): Promise<Answered> {
  const answered = answerOf(await commands.submit(command, traceparent), command.account, explain);
  if ('code' in answered) throw new RequestRefused(answered);
  return answered;
}

/** How a command ended for its account; `undefined` was not taken. */
export function answerOf(
  submitted: Submitted | undefined,
  account: AccountId,
  explain: (reason: RejectReason) => Explanation,
): Answered | Refusal {
  if (!submitted) return { code: 'overloaded', message: OVERLOADED };
  const own = submitted.records
    .filter(({ log, record }) => log === 'accounts' && 'account' in record && record.account === account)
    .map(({ record }) => record);
  const sequence = formatId(own.at(-1)?.seq ?? 0);
  const rejected = own.find((record) => record.type === 'rejected');
  if (rejected) {
    const { reason } = rejected;
    return { code: reason, message: reasonSentences[reason], ...explain(reason), sequence };
  }
  return { own, sequence, duplicate: own.some((record) => record.type === 'repeated') };
}

export const OVERLOADED = 'The exchange takes no more commands just now; try again shortly.';
