/** Every market with its price, its change and the course of its day; typed into, it searches. */
import { useEffect, useRef, useState } from 'react';
import { changeOf, type MarketRow } from '../exchange/markets.ts';
import { exchange } from '../exchange/the-exchange.ts';
import { grouped, percent } from '../format/numbers.ts';
import { settings } from '../stores/settings.ts';
import { useStore } from '../stores/store.ts';
import { Sparkline } from './sparkline.tsx';

export function MarketList({ chosen }: { chosen?: () => void }) {
  const markets = useStore(exchange.markets);
  const { favourites } = useStore(settings).now;
  const { rules: selected } = useStore(exchange.selected);
  const [search, setSearch] = useState('');
  const rows = [...markets.rows.values()]
    .filter(({ rules }) => rules.symbol.toLowerCase().includes(search.trim().toLowerCase()))
    .sort(
      (one, other) => Number(favourites.includes(other.rules.symbol)) - Number(favourites.includes(one.rules.symbol)),
    );
  const choose = (symbol: string) => {
    exchange.select(symbol);
    setSearch('');
    chosen?.();
  };
  return (
    <div className="markets">
      <input
        className="input market-search"
        type="search"
        placeholder="Search  /"
        aria-label="Search a market"
        value={search}
        onChange={(event) => setSearch(event.target.value)}
        onKeyDown={(event) => {
          const first = rows[0];
          if (event.key === 'Enter' && first) choose(first.rules.symbol);
          if (event.key === 'Escape') {
            setSearch('');
            event.currentTarget.blur();
          }
        }}
      />
      <div className="market-rows scroll">
        {markets.rows.size === 0 ? <p className="empty">{markets.failure ?? 'Markets are coming.'}</p> : null}
        {markets.rows.size > 0 && rows.length === 0 ? (
          <p className="empty">
            <strong>No market is called that</strong>Escape shows all of them.
          </p>
        ) : null}
        {rows.map((row) => (
          <Market
            key={row.rules.symbol}
            row={row}
            selected={row.rules.symbol === selected?.symbol}
            favourite={favourites.includes(row.rules.symbol)}
            choose={choose}
          />
        ))}
      </div>
    </div>
  );
}

interface MarketParts {
  readonly row: MarketRow;
  readonly selected: boolean;
  readonly favourite: boolean;
  readonly choose: (symbol: string) => void;
}

function Market({ row: { rules, ticker, spark }, selected, favourite, choose }: MarketParts) {
  const change = changeOf(ticker);
  const last = ticker?.last ?? undefined;
  const direction = usePriceDirection(last);
  const { favourites } = settings.now;
  const toggle = () =>
    settings.set({
      favourites: favourite ? favourites.filter((name) => name !== rules.symbol) : [...favourites, rules.symbol],
    });
  return (
    <div className={`market-row ${selected ? 'selected' : ''}`}>
      <button
        type="button"
        className="favourite"
        aria-pressed={favourite}
        aria-label={`${rules.symbol} as a favourite`}
        onClick={toggle}
      >
        {favourite ? '★' : '☆'}
      </button>
      <button
        type="button"
        className="market-choose"
        aria-current={selected ? 'true' : undefined}
        onClick={() => choose(rules.symbol)}
      >
        <span className="market-name">
          <strong>{rules.base}</strong>
          <span className="muted">/{rules.quote}</span>
        </span>
        <Sparkline values={spark} last={last} falls={change < 0} />
        <span className="market-figures">
          <span className="number">{last ? <Ticking text={grouped(last)} direction={direction} /> : '–'}</span>
          <span className={`number ${change < 0 ? 'down' : 'up'}`}>{percent(change)}</span>
        </span>
      </button>
    </div>
  );
}

/** The price, with the colour of its last move for a moment. */
function Ticking({ text, direction }: { text: string; direction: 'up' | 'down' | undefined }) {
  return <span className={direction}>{text}</span>;
}

function usePriceDirection(price: string | undefined): 'up' | 'down' | undefined {
  const before = useRef(price);
  const [direction, setDirection] = useState<'up' | 'down'>();
  useEffect(() => {
    if (price === before.current) return;
    if (price !== undefined && before.current !== undefined) {
      setDirection(Number(price) >= Number(before.current) ? 'up' : 'down');
    }
    before.current = price;
    const timer = setTimeout(() => setDirection(undefined), 400);
    return () => clearTimeout(timer);
  }, [price]);
  return direction;
}
