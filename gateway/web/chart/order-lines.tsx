/**
 * The own orders as lines on the chart. A line is dragged, or moved by the arrow keys, to amend its order; Escape puts it
 * back. What is not acknowledged yet is dashed.
 */
import { type KeyboardEvent, type PointerEvent, useEffect, useRef, useState } from 'react';
import { decimalOfUnits } from '../../../schemas/decimal.ts';
import type { OrderPayload } from '../../../schemas/socket-payloads.ts';
import { exchange } from '../exchange/the-exchange.ts';
import { grouped, withoutZeros } from '../format/numbers.ts';
import { formatPrice, type SymbolRules, units } from '../format/symbol-rules.ts';
import { openQuantity } from '../orders/open-quantity.ts';
import { useStore } from '../stores/store.ts';
import type { PriceChart } from './price-chart.ts';

interface LineParts {
  readonly chart: PriceChart;
  readonly rules: SymbolRules;
}

export function OrderLines({ chart, rules }: LineParts) {
  const account = useStore(exchange.account);
  const orders = account.open.filter(({ symbol, price }) => symbol === rules.symbol && price !== null);
  const placing = account.intentions(rules.symbol).filter(({ kind, price }) => kind === 'place' && price !== undefined);
  return (
    <div className="order-lines">
      {orders.map((order) => (
        <OrderLine key={order.order_id} order={order} chart={chart} rules={rules} />
      ))}
      {placing.map(({ order, price, side }) => (
        <StillLine key={order} price={Number(price)} chart={chart} side={side ?? 'buy'} />
      ))}
    </div>
  );
}

function OrderLine({ order, chart, rules }: LineParts & { order: OrderPayload }) {
  const line = useRef<HTMLDivElement>(null);
  const [moved, setMoved] = useState<number>();
  const dragging = useRef(false);
  const price = units(order.price!, rules.priceDecimals);
  const intention = exchange.account.intentionOf(order.order_id);
  const asked = intention?.price === undefined ? undefined : units(intention.price, rules.priceDecimals);
  const shown = moved ?? asked ?? price;
  usePlace(line, chart, shown / 10 ** rules.priceDecimals);

  const onTick = (value: number) => Math.round(value / rules.tickUnits) * rules.tickUnits;
  const priceAt = (clientY: number) => {
    const top = line.current?.parentElement?.getBoundingClientRect().top ?? 0;
    const at = chart.yToPrice(clientY - top);
    return at === undefined
      ? undefined
      : Math.max(rules.minPrice, Math.min(rules.maxPrice, onTick(at * 10 ** rules.priceDecimals)));
  };
  const send = () => {
    dragging.current = false;
    if (moved === undefined) return;
    setMoved(undefined);
    if (moved !== price) void exchange.amend(order, { price: decimalOfUnits(moved, rules.priceDecimals) });
  };
  const putBack = () => {
    dragging.current = false;
    setMoved(undefined);
  };
  const grab = (event: PointerEvent<HTMLElement>) => {
    if (event.button !== 0 || intention) return;
    dragging.current = true;
    event.currentTarget.setPointerCapture(event.pointerId);
    event.currentTarget.focus();
    event.preventDefault();
  };
  const drag = (event: PointerEvent<HTMLElement>) => {
    if (dragging.current) setMoved(priceAt(event.clientY) ?? price);
  };
  const key = (event: KeyboardEvent) => {
    const step = event.key === 'ArrowUp' ? 1 : event.key === 'ArrowDown' ? -1 : 0;
    if (step !== 0 && !intention) setMoved((moved ?? price) + step * rules.tickUnits * (event.shiftKey ? 10 : 1));
    else if (event.key === 'Enter') send();
    else if (event.key === 'Escape' && moved !== undefined) putBack();
    else if (event.key === 'Delete') void exchange.cancel(order);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const what = `${order.side === 'buy' ? 'Buy' : 'Sell'} ${withoutZeros(grouped(openQuantity(order, rules)))}`;
  return (
    <div
      ref={line}
      className={`order-line ${order.side} ${intention ? 'pending' : ''} ${moved === undefined ? '' : 'moved'}`}
      data-order={order.order_id}
    >
      <span
        className="order-tag"
        role="slider"
        tabIndex={0}
        aria-label={`${what} at ${formatPrice(price, rules)}. Arrow keys move the price, Enter amends, Escape puts it back, Delete cancels.`}
        aria-valuenow={shown / 10 ** rules.priceDecimals}
        aria-valuetext={formatPrice(shown, rules)}
        onPointerDown={grab}
        onPointerMove={drag}
        onPointerUp={send}
        onPointerCancel={putBack}
        onKeyDown={key}
      >
        <span>{what}</span>
        {moved === undefined ? null : <strong>{formatPrice(moved, rules)}</strong>}
        {intention ? <em>{intention.kind === 'cancel' ? 'cancelling' : 'amending'}</em> : null}
      </span>
      <button
        type="button"
        className="order-line-cancel"
        aria-label={`Cancel: ${what}`}
        disabled={intention?.kind === 'cancel'}
        onClick={() => void exchange.cancel(order)}
      >
        ✕
      </button>
    </div>
  );
}

function StillLine({ price, chart, side }: { price: number; chart: PriceChart; side: 'buy' | 'sell' }) {
  const line = useRef<HTMLDivElement>(null);
  usePlace(line, chart, price);
  return (
    <div ref={line} className={`order-line ${side} pending`}>
      <span className="order-tag">placing</span>
    </div>
  );
}

/** Keeps an element at the height of a price, as the chart moves under it. */
function usePlace(line: { readonly current: HTMLElement | null }, chart: PriceChart, price: number): void {
  useEffect(() => {
    const place = () => {
      if (!line.current) return;
      const y = chart.priceToY(price);
      line.current.style.visibility = y === undefined ? 'hidden' : 'visible';
      if (y !== undefined) line.current.style.transform = `translateY(${Math.round(y)}px)`;
      line.current.style.right = `${chart.scaleWidth}px`;
    };
    place();
    return chart.onScale(place);
  }, [line, chart, price]);
}
