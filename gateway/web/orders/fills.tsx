/** Every fill of the account, newest first, and the average at which the selected base was bought and sold. */
import type { FillPayload } from '../../../schemas/socket-payloads.ts';
import { exchange } from '../exchange/the-exchange.ts';
import { dayAndTime } from '../format/instants.ts';
import { grouped, withoutZeros } from '../format/numbers.ts';
import { Empty } from '../shell/empty.tsx';
import { useStore } from '../stores/store.ts';
import { averageEntry } from './average-entry.ts';

const SHOWN_MAX = 200;

export function Fills({ symbol }: { symbol: string | undefined }) {
  const account = useStore(exchange.account);
  const fills = account.fills.filter((fill) => symbol === undefined || fill.symbol === symbol);
  if (fills.length === 0)
    return <Empty title="No fills yet">A trade of yours comes here the moment it is durable.</Empty>;
  return (
    <>
      <Averages fills={fills} />
      <table className="rows">
        <thead>
          <tr>
            <th>Time (UTC)</th>
            <th>Market</th>
            <th>Side</th>
            <th className="number">Price</th>
            <th className="number">Quantity</th>
            <th className="number">Value</th>
            <th className="number">Fee</th>
            <th>Liquidity</th>
            <th className="number">Trade</th>
          </tr>
        </thead>
        <tbody>
          <FillRows fills={fills.slice(-SHOWN_MAX).toReversed()} />
        </tbody>
      </table>
    </>
  );
}

function Averages({ fills }: { fills: readonly FillPayload[] }) {
  const symbols = [...new Set(fills.map((fill) => fill.symbol))];
  return (
    <p className="averages muted">
      {symbols.map((symbol) => {
        const rules = exchange.markets.rows.get(symbol)?.rules;
        const average =
          rules &&
          averageEntry(
            fills.filter((fill) => fill.symbol === symbol),
            rules,
          );
        return average ? (
          <span key={symbol}>
            {symbol}: average entry {average.bought ? grouped(average.bought) : '–'}, average exit{' '}
            {average.sold ? grouped(average.sold) : '–'}
          </span>
        ) : null;
      })}
    </p>
  );
}

export function FillRows({ fills }: { fills: readonly FillPayload[] }) {
  return fills.map((fill) => (
    <tr key={`${fill.seq}`}>
      <td className="muted">{dayAndTime(fill.time)}</td>
      <td>{fill.symbol}</td>
      <td className={fill.side === 'buy' ? 'up' : 'down'}>{fill.side === 'buy' ? '▲ buy' : '▼ sell'}</td>
      <td className="number">{grouped(fill.price)}</td>
      <td className="number">{withoutZeros(grouped(fill.quantity))}</td>
      <td className="number">{withoutZeros(grouped(fill.quote))}</td>
      <td className="number">
        {withoutZeros(grouped(fill.fee))} <span className="muted">{fill.fee_asset}</span>
      </td>
      <td className="muted">{fill.liquidity}</td>
      <td className="number muted">{fill.trade_id}</td>
    </tr>
  ));
}
