import { rejectTable } from '../../operators/accounts/reject-reasons.ts';

/** The page on reject reasons, as the table in the code gives it. See its last line for how to print it. */
export function rejectPage(): string {
  const rows = rejectTable.map((row, index) => `| ${index + 1} | \`${row.reason}\` | ${row.stage} | ${row.when} |`);
  return [
    '# Reject reasons',
    '',
    'A reject refuses a command and changes nothing. The list is closed, and its order is the precedence: of several checks',
    'that fail, the first one here is named. A cancel is another thing: an accepted order that ended.',
    '',
    'A command whose client order id is known and whose content is the same is no reject: it is answered as before.',
    'What the gateway itself refuses (malformed, not allowed, too often) never becomes a record and is not in this list.',
    '',
    '| | reason | said by | when |',
    '| --- | --- | --- | --- |',
    ...rows,
    '',
    'This page is printed from [`reject-reasons.ts`](accounts/reject-reasons.ts), which the code goes by; a test holds both',
    'equal, and another makes every pair of reasons fail at once. To print it anew:',
    '`node infra/bootstrap/run.mjs test/operators/reject-page.ts > operators/reject-reasons.md`.',
    '',
  ].join('\n');
}

if (import.meta.main) process.stdout.write(rejectPage());
