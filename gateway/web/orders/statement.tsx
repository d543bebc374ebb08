/** Every movement of the account's money, from the ledger, with the trade and the command behind it. */
import { useEffect, useState } from 'react';
import { errorWords } from '../exchange/exchange.ts';
import { exchange } from '../exchange/the-exchange.ts';
import { dayAndTime } from '../format/instants.ts';
import { grouped, withoutZeros } from '../format/numbers.ts';
import { Empty } from '../shell/empty.tsx';

interface LedgerEntry {
  readonly entry_id: string;
  readonly kind: string;
  readonly time: string;
  readonly symbol: string | null;
  readonly trade_id: string | null;
  readonly command_id: string | null;
  readonly reference: string | null;
  readonly reason: string | null;
  readonly changes: readonly {
    readonly asset: string;
    readonly ledger_account: 'available' | 'hold';
    readonly amount: string;
  }[];
}

interface LedgerAnswer {
  readonly entries: readonly LedgerEntry[];
  readonly next_cursor: string | null;
}

const PAGE = 100;

export function Statement() {
  const [entries, setEntries] = useState<readonly LedgerEntry[]>();
  const [next, setNext] = useState<string>();
  const [fault, setFault] = useState<string>();
  const load = async (cursor: string | undefined) => {
    const answer = await exchange.client.rest.request<LedgerAnswer>({
      method: 'GET',
      path: '/v1/ledger',
      query: { limit: PAGE, cursor },
    });
    if (!answer.ok) return setFault(errorWords(answer.error));
    setFault(undefined);
    setEntries((before) => [...(cursor ? (before ?? []) : []), ...answer.value.entries]);
    setNext(answer.value.next_cursor ?? undefined);
  };
  // biome-ignore lint/correctness/useExhaustiveDependencies: asked for once, when it is opened
  useEffect(() => {
    void load(undefined);
  }, []);
  if (fault) return <Empty title="The statement is not to be had now">{fault}</Empty>;
  if (!entries) return <Empty title="The ledger is asked" />;
  const again = (
    <button type="button" className="link" onClick={() => void load(undefined)}>
      Ask again
    </button>
  );
  if (entries.length === 0) {
    return (
      <Empty title="No money has moved yet">
        Deposits and fills come here a second after they are durable. {again}
      </Empty>
    );
  }
  return (
    <>
      <table className="rows">
        <thead>
          <tr>
            <th>Time (UTC)</th>
            <th>What</th>
            <th className="number">Available</th>
            <th className="number">In orders</th>
            <th>Market</th>
            <th className="number">Trade</th>
            <th className="number">Command</th>
            <th className="number">{again}</th>
          </tr>
        </thead>
        <tbody>
          {entries.map((entry) => (
            <tr key={entry.entry_id}>
              <td className="muted">{dayAndTime(entry.time)}</td>
              <td>
                {entry.kind.replaceAll('_', ' ')} <span className="muted">{entry.reference ?? entry.reason ?? ''}</span>
              </td>
              <td className="number">
                <Changes entry={entry} of="available" />
              </td>
              <td className="number muted">
                <Changes entry={entry} of="hold" />
              </td>
              <td>{entry.symbol}</td>
              <td className="number muted">{entry.trade_id}</td>
              <td className="number muted">{entry.command_id}</td>
              <td className="number muted">{entry.entry_id}</td>
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

function Changes({ entry, of }: { entry: LedgerEntry; of: 'available' | 'hold' }) {
  return entry.changes
    .filter((change) => change.ledger_account === of)
    .map(({ asset, amount }) => (
      <span key={asset} className="ledger-change">
        {amount.startsWith('-') ? '' : '+'}
        {withoutZeros(grouped(amount))} {asset}
      </span>
    ));
}
