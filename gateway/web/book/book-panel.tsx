/** The book with its head: grouping, and what the columns are. */
import { useEffect, useRef } from 'react';
import { exchange } from '../exchange/the-exchange.ts';
import { formatUnits } from '../format/numbers.ts';
import { settings } from '../stores/settings.ts';
import { useStore } from '../stores/store.ts';
import { BookView } from './book-view.ts';
import { groupingChoices } from './grouped-levels.ts';

export function BookPanel() {
  const { rules } = useStore(exchange.selected);
  const host = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!rules || !host.current) return;
    const view = new BookView(host.current, rules);
    return () => view.end();
  }, [rules]);
  return (
    <div className="book">
      <div className="column-heads book-heads">
        <span className="number">Price{rules ? ` ${rules.quote}` : ''}</span>
        <span className="number">Size{rules ? ` ${rules.base}` : ''}</span>
        <span className="number">Sum</span>
      </div>
      <div
        className="book-rows"
        ref={host}
        role="listbox"
        tabIndex={0}
        aria-label="Order book. Arrow keys choose a level, Enter takes its price into the ticket."
      />
    </div>
  );
}

export function Grouping() {
  const { rules } = useStore(exchange.selected);
  const { grouping } = useStore(settings).now;
  if (!rules) return null;
  const price = exchange.book.bids[0]?.price ?? exchange.book.asks[0]?.price ?? rules.tickUnits * 100_000;
  const chosen = grouping[rules.symbol] ?? 1;
  const choices = [...new Set([...groupingChoices(price, rules.tickUnits), chosen])].sort((one, other) => one - other);
  return (
    <label className="grouping">
      <span className="for-readers">Group prices by</span>
      <select
        className="small-select"
        value={chosen}
        onChange={(event) =>
          settings.set({ grouping: { ...grouping, [rules.symbol]: Number.parseInt(event.target.value, 10) } })
        }
      >
        {choices.map((ticks) => (
          <option key={ticks} value={ticks}>
            {formatUnits(ticks * rules.tickUnits, rules.priceDecimals)}
          </option>
        ))}
      </select>
    </label>
  );
}
