/** The chart with its intervals, the values under the pointer, and the own orders on it. */
import { useEffect, useRef, useState } from 'react';
import { DepthChart } from '../book/depth-chart.tsx';
import type { Candle } from '../exchange/candles.ts';
import { exchange } from '../exchange/the-exchange.ts';
import { compact, formatUnits, percent } from '../format/numbers.ts';
import type { SymbolRules } from '../format/symbol-rules.ts';
import { settings } from '../stores/settings.ts';
import { useStore } from '../stores/store.ts';
import { OrderLines } from './order-lines.tsx';
import { PriceChart } from './price-chart.ts';

export const INTERVALS = ['1s', '5s', '1m', '5m', '15m', '1h', '4h', '1d', '1w'] as const;

export function ChartPanel() {
  const { interval, tabs } = useStore(settings).now;
  const { rules } = useStore(exchange.selected);
  const host = useRef<HTMLDivElement>(null);
  const [chart, setChart] = useState<PriceChart>();
  const [hovered, setHovered] = useState<Candle>();
  const depth = tabs.chart === 'depth';

  useEffect(() => {
    if (!host.current || depth) return;
    const made = new PriceChart(host.current, exchange.candles, setHovered);
    setChart(made);
    const end = settings.subscribe(() => made.look());
    return () => {
      end();
      setChart(undefined);
      made.end();
    };
  }, [depth]);
  useEffect(() => {
    if (chart && rules) chart.showSymbol(rules);
  }, [chart, rules]);

  const choose = (chosen: string) => {
    settings.set({ interval: chosen, tabs: { ...tabs, chart: 'candles' } });
    chart?.keepRange();
    if (rules) exchange.candles.follow(rules, chosen);
  };
  return (
    <div className="chart">
      <div className="chart-head">
        <div className="segments" role="toolbar" aria-label="Interval of the candles">
          {INTERVALS.map((name) => (
            <button
              type="button"
              key={name}
              aria-pressed={!depth && name === interval}
              className="segment"
              onClick={() => choose(name)}
            >
              {name}
            </button>
          ))}
          <button
            type="button"
            aria-pressed={depth}
            className="segment"
            onClick={() => settings.set({ tabs: { ...tabs, chart: depth ? 'candles' : 'depth' } })}
          >
            Depth
          </button>
        </div>
      </div>
      <div className="chart-body">
        {depth ? <DepthChart /> : <div className="chart-host" ref={host} />}
        {chart && rules && !depth ? <OrderLines chart={chart} rules={rules} /> : null}
        {depth || !rules ? null : <Legend candle={hovered} rules={rules} />}
        <a className="chart-credit" href="https://www.tradingview.com/" target="_blank" rel="noreferrer">
          Chart by TradingView
        </a>
      </div>
    </div>
  );
}

function Legend({ candle, rules }: { candle: Candle | undefined; rules: SymbolRules }) {
  useStore(exchange.candles);
  const shown = candle ?? exchange.candles.all().at(-1);
  if (!shown) return null;
  const price = (value: number) => formatUnits(Math.round(value * 10 ** rules.priceDecimals), rules.priceDecimals);
  const change = shown.open > 0 ? shown.close / shown.open - 1 : 0;
  return (
    <div className="chart-legend">
      <span className="muted">O</span> {price(shown.open)} <span className="muted">H</span> {price(shown.high)}{' '}
      <span className="muted">L</span> {price(shown.low)} <span className="muted">C</span> {price(shown.close)}{' '}
      <span className={change < 0 ? 'down' : 'up'}>{percent(change)}</span> <span className="muted">Vol</span>{' '}
      {compact(shown.volume)}
    </div>
  );
}
