/** The tape: every trade as it happens, and where something was missed. */
import { useEffect, useRef } from 'react';
import { exchange } from '../exchange/the-exchange.ts';
import { useStore } from '../stores/store.ts';
import { TapeView } from './tape-view.ts';

export function TapePanel() {
  const { rules } = useStore(exchange.selected);
  const host = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!host.current) return;
    const view = new TapeView(host.current);
    return () => view.end();
  }, []);
  return (
    <div className="tape">
      <div className="column-heads tape-heads">
        <span className="number">Price{rules ? ` ${rules.quote}` : ''}</span>
        <span className="number">Size{rules ? ` ${rules.base}` : ''}</span>
        <span />
        <span className="number">UTC</span>
      </div>
      <section className="tape-rows" ref={host} aria-label="Latest trades" />
    </div>
  );
}
