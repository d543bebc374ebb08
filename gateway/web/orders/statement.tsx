/** Every movement of the account's money, from the ledger, with the trade and the command behind it. */
import { useEffect, useState } from 'react';
import { errorWords } from '../exchange/exchange.ts';
import { exchange } from '../exchange/the-exchange.ts';
import { dayAndTime } from '../format/instants.ts';
import { grouped, shortened, withoutZeros } from '../format/numbers.ts';
import { Empty } from '../shell/empty.tsx';

interface StatementEntry {
  readonly [column: string]: unknown;
}

interface StatementAnswer {
  readonly entries: readonly StatementEntry[];
  readonly next?: string | null;
}

/** Shown first, in this order, where they are there. */
const COLUMNS = ['time', 'kind', 'asset', 'amount', 'available', 'hold', 'balance', 'order_id', 'trade_id', 'sequence'];

export function Statement() {
  const [entries, setEntries] = useState<readonly StatementEntry[]>();
  const [next, setNext] = useState<string>();
  const [fault, setFault] = useState<string>();
  const load = async (cursor: string | undefined) => {
    const answer = await exchange.client.rest.request<StatementAnswer>({
      method: 'GET',
      path: '/v1/statement',
      query: { limit: 100, cursor },
    });
    if (!answer.ok) return setFault(errorWords(answer.error));
    setEntries((before) => [...(cursor ? (before ?? []) : []), ...answer.value.entries]);
    setNext(answer.value.next ?? undefined);
  };
  // biome-ignore lint/correctness/useExhaustiveDependencies: asked for once, when it is opened
  useEffect(() => {
    void load(undefined);
  }, []);
  if (fault) return <Empty title="The statement is not to be had now">{fault}</Empty>;
  if (!entries) return <Empty title="The ledger is asked" />;
  if (entries.length === 0)
    return <Empty title="No money has moved yet">Deposits and fills come here, a moment after they are durable.</Empty>;
  const columns = COLUMNS.filter((column) =>
    entries.some((entry) => entry[column] !== undefined && entry[column] !== null),
  );
  return (
    <>
      <table className="rows">
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column} className={isNumber(column) ? 'number' : undefined}>
                {column.replaceAll('_', ' ')}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {entries.map((entry) => (
            <tr key={columns.map((column) => String(entry[column])).join(' ')}>
              {columns.map((column) => (
                <td key={column} className={isNumber(column) ? 'number' : undefined}>
                  {shown(column, entry[column])}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {next ? (
        <button type="button" className="link more" onClick={() => void load(next)}>
          Older ones
        </button>
      ) : null}
    </>
  );
}

const isNumber = (column: string): boolean => !['time', 'kind', 'asset'].includes(column);

function shown(column: string, value: unknown): string {
  if (value === undefined || value === null) return '';
  const text = String(value);
  if (column === 'time') return dayAndTime(text);
  if (['amount', 'available', 'hold', 'balance'].includes(column)) return withoutZeros(grouped(shortened(text, 10)));
  return text.replaceAll('_', ' ');
}
