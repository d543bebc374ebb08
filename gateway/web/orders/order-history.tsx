/** Orders that ended: how much of them traded, at which average, for which fee, and why they ended. */
import { useState } from 'react';
import type { OrderPayload } from '../../../schemas/socket-payloads.ts';
import { cancelWords } from '../exchange/cancel-words.ts';
import { exchange } from '../exchange/the-exchange.ts';
import { dayAndTime } from '../format/instants.ts';
import { grouped, shortened, withoutZeros } from '../format/numbers.ts';
import { Empty } from '../shell/empty.tsx';
import { useStore } from '../stores/store.ts';
import { FillRows } from './fills.tsx';

const SHOWN_MAX = 200;

export function OrderHistory({ symbol }: { symbol: string | undefined }) {
  const account = useStore(exchange.account);
  const orders = account.ended
    .filter((order) => symbol === undefined || order.symbol === symbol)
    .slice(-SHOWN_MAX)
    .toReversed();
  if (orders.length === 0)
    return <Empty title="No orders have ended yet">Filled and cancelled ones come here, with their fills.</Empty>;
  return (
    <table className="rows">
      <thead>
        <tr>
          <th>Ended (UTC)</th>
          <th>Market</th>
          <th>Side</th>
          <th className="number">Price</th>
          <th className="number">Quantity</th>
          <th className="number">Filled</th>
          <th className="number">Average</th>
          <th className="number">Fee</th>
          <th>How it ended</th>
        </tr>
      </thead>
      <tbody>
        {orders.map((order) => (
          <EndedOrder key={order.order_id} order={order} />
        ))}
      </tbody>
    </table>
  );
}

function EndedOrder({ order }: { order: OrderPayload }) {
  const [open, setOpen] = useState(false);
  const fills = exchange.account.fills.filter(({ order_id }) => order_id === order.order_id);
  const decimals = exchange.markets.rows.get(order.symbol)?.rules.priceDecimals ?? 2;
  return (
    <>
      <tr>
        <td className="muted">
          {fills.length > 0 ? (
            <button
              type="button"
              className="disclosure"
              aria-expanded={open}
              aria-label="Its fills"
              onClick={() => setOpen(!open)}
            >
              {open ? '▾' : '▸'}
            </button>
          ) : null}
          {dayAndTime(order.updated_at)}
        </td>
        <td>{order.symbol}</td>
        <td className={order.side === 'buy' ? 'up' : 'down'}>{order.side === 'buy' ? '▲ buy' : '▼ sell'}</td>
        <td className="number">{order.price ? grouped(order.price) : 'market'}</td>
        <td className="number">
          {order.quantity
            ? withoutZeros(grouped(order.quantity))
            : order.budget
              ? `${withoutZeros(grouped(order.budget))} ${order.symbol.split('-')[1]}`
              : ''}
        </td>
        <td className="number">{withoutZeros(grouped(order.executed))}</td>
        <td className="number">{order.average_price ? grouped(shortened(order.average_price, decimals + 2)) : '–'}</td>
        <td className="number">
          {withoutZeros(grouped(order.fee))} <span className="muted">{order.fee_asset}</span>
        </td>
        <td className="muted">{order.status === 'filled' ? 'Filled.' : cancelWords(order.reason ?? order.status)}</td>
      </tr>
      {open ? (
        <tr className="fills-of">
          <td colSpan={9}>
            <table className="rows">
              <tbody>
                <FillRows fills={fills.toReversed()} />
              </tbody>
            </table>
          </td>
        </tr>
      ) : null}
    </>
  );
}
