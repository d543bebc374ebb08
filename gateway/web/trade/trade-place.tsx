/** Trading: the panels, and where they stand at each width of the screen. */
import type { CSSProperties, ReactNode } from 'react';
import { BookPanel, Grouping } from '../book/book-panel.tsx';
import { TapePanel } from '../book/tape-panel.tsx';
import { ChartPanel } from '../chart/chart-panel.tsx';
import { exchange } from '../exchange/the-exchange.ts';
import { MarketList } from '../market/market-list.tsx';
import { SymbolHeader } from '../market/symbol-header.tsx';
import { Splitter } from '../shell/splitter.tsx';
import { useScreen } from '../shell/use-screen.ts';
import { settings } from '../stores/settings.ts';
import { useStore } from '../stores/store.ts';
import { draft } from '../ticket/draft.ts';
import { Ticket } from '../ticket/ticket.tsx';
import { OrdersPanel } from './orders-panel.tsx';

const FIRST_SIZES = { markets: 236, book: 288, ticket: 288, below: 232, tape: 260 };

export function TradePlace() {
  const screen = useScreen();
  const { live } = useStore(exchange.connection);
  const className = `trade ${screen} ${live ? '' : 'not-live'}`;
  if (screen === 'phone') return <PhoneTrade className={className} />;
  return <DeskTrade className={className} screen={screen} />;
}

function DeskTrade({ className, screen }: { className: string; screen: 'wide' | 'medium' | 'small' }) {
  const { sizes: kept, tabs } = useStore(settings).now;
  const sizes = { ...FIRST_SIZES, ...kept };
  const style = {
    '--markets': `${sizes.markets}px`,
    '--book': `${sizes.book}px`,
    '--ticket': `${sizes.ticket}px`,
    '--below': `${sizes.below}px`,
    '--tape': `${sizes.tape}px`,
  } as CSSProperties;
  const side = tabs.side ?? 'book';
  return (
    <main className={className} style={style}>
      <SymbolHeader withMenu={screen !== 'wide'} />
      {screen === 'wide' ? (
        <section className="panel area-markets" aria-label="Markets">
          <MarketList />
          <Splitter
            name="markets"
            label="Width of the markets"
            direction="across"
            size={sizes.markets}
            least={180}
            most={360}
            grows
          />
        </section>
      ) : null}
      <section className="panel area-chart" aria-label="Chart">
        <ChartPanel />
      </section>
      <section className="panel area-book" aria-label="Book">
        {screen === 'small' ? (
          <Tabs group="side" chosen={side} names={{ book: 'Book', trades: 'Trades' }} end={<Grouping />} />
        ) : (
          <PanelHead title="Book" end={<Grouping />} />
        )}
        {screen === 'small' && side === 'trades' ? <TapePanel /> : <BookPanel />}
        <Splitter
          name="book"
          label="Width of the book"
          direction="across"
          size={sizes.book}
          least={220}
          most={420}
          grows={false}
        />
      </section>
      {screen === 'small' ? null : (
        <section className="panel area-tape" aria-label="Trades">
          <PanelHead title="Trades" />
          <TapePanel />
          <Splitter
            name="tape"
            label="Height of the trades"
            direction="down"
            size={sizes.tape}
            least={120}
            most={480}
            grows={false}
          />
        </section>
      )}
      <section className="panel area-ticket scroll" aria-label="Ticket">
        <Ticket />
      </section>
      <section className="panel area-below" aria-label="Orders and money">
        <OrdersPanel />
        <Splitter
          name="below"
          label="Height of the orders"
          direction="down"
          size={sizes.below}
          least={140}
          most={520}
          grows={false}
        />
      </section>
    </main>
  );
}

function PhoneTrade({ className }: { className: string }) {
  const { tabs } = useStore(settings).now;
  const { fields, sheetUp } = useStore(draft);
  const upper = tabs.phone ?? 'chart';
  return (
    <main className={className}>
      <SymbolHeader withMenu />
      <section className="panel area-upper">
        <Tabs
          group="phone"
          chosen={upper}
          names={{ chart: 'Chart', book: 'Book', trades: 'Trades' }}
          end={upper === 'book' ? <Grouping /> : undefined}
        />
        {upper === 'chart' ? <ChartPanel /> : upper === 'book' ? <BookPanel /> : <TapePanel />}
      </section>
      <section className="panel area-below" aria-label="Orders and money">
        <OrdersPanel />
      </section>
      <div className="thumb-bar">
        <button type="button" className="button buy" onClick={() => openSheet('buy')}>
          Buy
        </button>
        <button type="button" className="button sell" onClick={() => openSheet('sell')}>
          Sell
        </button>
      </div>
      {sheetUp ? (
        <div className="sheet-ground">
          <button
            type="button"
            className="sheet-away"
            aria-label="Close the ticket"
            onClick={() => draft.showSheet(false)}
          />
          <section className={`sheet ${fields.side}`} aria-label="Ticket">
            <button
              type="button"
              className="sheet-handle"
              aria-label="Close the ticket"
              onClick={() => draft.showSheet(false)}
            />
            <Ticket />
          </section>
        </div>
      ) : null}
    </main>
  );
}

function openSheet(side: 'buy' | 'sell'): void {
  draft.set({ side });
  draft.showSheet(true);
}

function PanelHead({ title, end }: { title: string; end?: ReactNode }) {
  return (
    <div className="panel-head">
      <h2>{title}</h2>
      {end}
    </div>
  );
}

interface TabsParts {
  readonly group: string;
  readonly chosen: string;
  readonly names: { readonly [tab: string]: string };
  readonly end?: ReactNode;
}

export function Tabs({ group, chosen, names, end }: TabsParts) {
  return (
    <div className="panel-head">
      <div className="tabs" role="tablist">
        {Object.entries(names).map(([tab, name]) => (
          <button
            type="button"
            key={tab}
            role="tab"
            aria-selected={tab === chosen}
            className="tab"
            onClick={() => settings.set({ tabs: { ...settings.now.tabs, [group]: tab } })}
          >
            {name}
          </button>
        ))}
      </div>
      {end}
    </div>
  );
}
