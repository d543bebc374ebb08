/** Open orders: amended by typing in the row, cancelled by one click. */
import { type KeyboardEvent, useState } from 'react';
import { unitsOfDecimal } from '../../../schemas/decimal.ts';
import type { OrderPayload } from '../../../schemas/socket-payloads.ts';
import { errorWords } from '../exchange/exchange.ts';
import { exchange } from '../exchange/the-exchange.ts';
import { dayAndTime } from '../format/instants.ts';
import { grouped, percent, typedDecimal, withoutZeros } from '../format/numbers.ts';
import { Empty } from '../shell/empty.tsx';
import { useStore } from '../stores/store.ts';
import { cancelAllDialog } from './cancel-all-dialog.ts';
import { inForceName } from './order-words.ts';

export function OpenOrders({ symbol }: { symbol: string | undefined }) {
  const account = useStore(exchange.account);
  const orders = account.open.filter((order) => symbol === undefined || order.symbol === symbol).toReversed();
  const placing = account.intentions(symbol).filter(({ kind }) => kind === 'place');
  if (orders.length === 0 && placing.length === 0) {
    return <Empty title="No open orders">Click a price in the book, give a size, and press Enter.</Empty>;
  }
  return (
    <table className="rows orders">
      <thead>
        <tr>
          <th>Placed (UTC)</th>
          <th>Market</th>
          <th>Side</th>
          <th className="number">Price</th>
          <th className="number">Quantity</th>
          <th className="number">Filled</th>
          <th>Lasts</th>
          <th className="number action">
            <button type="button" className="link" onClick={() => cancelAllDialog.show()}>
              Cancel all
            </button>
          </th>
        </tr>
      </thead>
      <tbody>
        {placing.map(({ order, symbol: market, side, price, quantity }) => (
          <tr key={order} className="pending">
            <td className="muted">placing…</td>
            <td>{market}</td>
            <td className={side === 'sell' ? 'down' : 'up'}>{side}</td>
            <td className="number">{price ? grouped(price) : 'market'}</td>
            <td className="number">{quantity ? withoutZeros(grouped(quantity)) : ''}</td>
            <td className="number">–</td>
            <td />
            <td />
          </tr>
        ))}
        {orders.map((order) => (
          <OpenOrder key={order.order_id} order={order} />
        ))}
      </tbody>
    </table>
  );
}

function OpenOrder({ order }: { order: OrderPayload }) {
  const intention = exchange.account.intentionOf(order.order_id);
  const wanted = Number(order.quantity ?? 0);
  const filled = wanted > 0 ? Number(order.executed) / wanted : 0;
  return (
    <tr className={intention ? 'pending' : undefined} data-order={order.order_id}>
      <td className="muted">{dayAndTime(order.placed_at)}</td>
      <td>{order.symbol}</td>
      <td className={order.side === 'buy' ? 'up' : 'down'}>
        {order.side === 'buy' ? '▲ buy' : '▼ sell'}
        {order.post_only ? <span className="muted"> post</span> : null}
      </td>
      <td className="number">
        <AmendCell order={order} field="price" shown={intention?.price ?? order.price ?? ''} />
      </td>
      <td className="number">
        <AmendCell order={order} field="quantity" shown={intention?.quantity ?? order.quantity ?? ''} />
      </td>
      <td className="number">
        {withoutZeros(grouped(order.executed))} <span className="muted">{percent(filled).replace('+', '')}</span>
      </td>
      <td className="muted">{inForceName(order)}</td>
      <td className="number action">
        <button
          type="button"
          className="row-action danger"
          aria-label={`Cancel ${order.side} ${order.symbol} at ${order.price ?? 'market'}`}
          disabled={intention?.kind === 'cancel'}
          onClick={() => void exchange.cancel(order)}
        >
          {intention?.kind === 'cancel' ? 'cancelling…' : intention ? 'amending…' : 'Cancel'}
        </button>
      </td>
    </tr>
  );
}

interface AmendCellParts {
  readonly order: OrderPayload;
  readonly field: 'price' | 'quantity';
  readonly shown: string;
}

/** A value that becomes a field when it is clicked: Enter amends, Escape puts it back. */
function AmendCell({ order, field, shown }: AmendCellParts) {
  const [text, setText] = useState<string>();
  const [fault, setFault] = useState<string>();
  const rules = exchange.markets.rows.get(order.symbol)?.rules;
  const label = field === 'price' ? grouped(shown) : withoutZeros(grouped(shown));
  if (text === undefined) {
    return (
      <button
        type="button"
        className="amend-cell"
        onClick={() => setText(shown)}
        aria-label={`Amend the ${field}, now ${label}`}
      >
        {label}
      </button>
    );
  }
  const send = async () => {
    const decimal = typedDecimal(text);
    if (decimal === undefined || !rules) return setFault('A number, please.');
    const decimals = field === 'price' ? rules.priceDecimals : rules.quantityDecimals;
    const value = unitsOfDecimal(decimal, decimals);
    if (typeof value !== 'number') return setFault(`At most ${decimals} decimals.`);
    if (value === unitsOfDecimal(shown, decimals)) return setText(undefined);
    const result = await exchange.amend(order, { [field]: decimal });
    if (result.ok) setText(undefined);
    else setFault(errorWords(result.error));
  };
  const key = (event: KeyboardEvent) => {
    if (event.key === 'Enter') void send();
    else if (event.key === 'Escape') {
      setText(undefined);
      setFault(undefined);
    } else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <span className="amend-input">
      <input
        // biome-ignore lint/a11y/noAutofocus: it takes the place of the value that was just clicked
        autoFocus
        className={`input number ${fault ? 'wrong' : ''}`}
        value={text}
        inputMode="decimal"
        aria-label={`New ${field}`}
        onFocus={(event) => event.target.select()}
        onChange={(event) => {
          setText(event.target.value);
          setFault(undefined);
        }}
        onKeyDown={key}
        onBlur={() => {
          if (!fault) setText(undefined);
        }}
      />
      {fault ? (
        <span className="reason amend-fault" role="alert">
          {fault}
        </span>
      ) : null}
    </span>
  );
}
