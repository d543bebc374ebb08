/** The selected market in one line: price, change, its day, its state. */
import { useEffect, useRef, useState } from 'react';
import { changeOf } from '../exchange/markets.ts';
import { exchange } from '../exchange/the-exchange.ts';
import { compact, firstDifference, grouped, percent } from '../format/numbers.ts';
import { useStore } from '../stores/store.ts';
import { MarketList } from './market-list.tsx';
import { stateName } from './market-states.ts';

export function SymbolHeader({ withMenu }: { withMenu: boolean }) {
  const markets = useStore(exchange.markets);
  const { rules } = useStore(exchange.selected);
  const { live } = useStore(exchange.connection);
  const { status } = useStore(exchange.status);
  useStore(exchange.tape);
  const ticker = rules && markets.rows.get(rules.symbol)?.ticker;
  const [newest, before] = exchange.tape.lastPrices;
  const last = newest ?? ticker?.last ?? undefined;
  const change = changeOf(ticker && last ? { ...ticker, last } : ticker);
  const rises = before === undefined || Number(last) >= Number(before);
  useTitle(last, rules?.symbol);
  const state = status?.state ?? ticker?.state;
  return (
    <div className={`symbol-header ${live ? '' : 'dimmed'}`}>
      {withMenu ? (
        <SymbolMenu symbol={rules?.symbol} />
      ) : (
        <h1 className="symbol-name">{rules?.symbol ?? <span className="skeleton" />}</h1>
      )}
      <div className={`symbol-price ${rises ? 'up' : 'down'}`}>
        {last ? (
          <Digits text={grouped(last)} before={before === undefined ? undefined : grouped(before)} />
        ) : (
          <span className="skeleton" />
        )}
      </div>
      <div className={`symbol-change ${change < 0 ? 'down' : 'up'}`}>
        <span aria-hidden="true">{change < 0 ? '▼' : '▲'}</span> {percent(change)}
      </div>
      <Figure name="24h high" value={ticker?.high_24h ? grouped(ticker.high_24h) : '–'} />
      <Figure name="24h low" value={ticker?.low_24h ? grouped(ticker.low_24h) : '–'} />
      <Figure name={`24h volume ${rules?.base ?? ''}`} value={ticker ? compact(Number(ticker.volume_24h)) : '–'} />
      <Figure
        name={`24h volume ${rules?.quote ?? ''}`}
        value={ticker ? compact(Number(ticker.quote_volume_24h)) : '–'}
      />
      {state ? <span className={`state-chip ${state}`}>{stateName(state)}</span> : null}
    </div>
  );
}

function Figure({ name, value }: { name: string; value: string }) {
  return (
    <div className="figure">
      <span className="muted">{name}</span>
      <span>{value}</span>
    </div>
  );
}

/** Digits that changed are brighter than those that did not. */
function Digits({ text, before }: { text: string; before: string | undefined }) {
  const differs = before === undefined ? 0 : firstDifference(before, text);
  return (
    <>
      <span className="same-digits">{text.slice(0, differs)}</span>
      {text.slice(differs)}
    </>
  );
}

function SymbolMenu({ symbol }: { symbol: string | undefined }) {
  const [open, setOpen] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!open) return;
    const away = (event: PointerEvent) => {
      if (!box.current?.contains(event.target as Node)) setOpen(false);
    };
    const key = (event: KeyboardEvent) => {
      if (event.key === 'Escape') setOpen(false);
    };
    document.addEventListener('pointerdown', away);
    document.addEventListener('keydown', key);
    box.current?.querySelector<HTMLInputElement>('.market-search')?.focus();
    return () => {
      document.removeEventListener('pointerdown', away);
      document.removeEventListener('keydown', key);
    };
  }, [open]);
  return (
    <div className="symbol-menu" ref={box}>
      <button
        type="button"
        className="symbol-button"
        data-search-opens
        aria-expanded={open}
        aria-haspopup="dialog"
        onClick={() => setOpen(!open)}
      >
        {symbol ?? '–'} <span aria-hidden="true">▾</span>
      </button>
      {open ? (
        <div className="popover symbol-popover">
          <MarketList chosen={() => setOpen(false)} />
        </div>
      ) : null}
    </div>
  );
}

/** The last price in the tab's title, also while the tab is hidden. */
function useTitle(last: string | undefined, symbol: string | undefined): void {
  useEffect(() => {
    document.title = last && symbol ? `${grouped(last)} ${symbol} · Sluice` : 'Sluice';
  }, [last, symbol]);
}
