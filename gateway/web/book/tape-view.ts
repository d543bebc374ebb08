/** The trades on the screen, newest above: a fixed number of rows, written anew at most once a frame. */

import type { TapeRow } from '../exchange/market.ts';
import { exchange } from '../exchange/the-exchange.ts';
import { timeOfDay } from '../format/instants.ts';
import { firstDifference, grouped } from '../format/numbers.ts';

const ROWS_MAX = 80;

export class TapeView {
  readonly #host: HTMLElement;
  #rows: HTMLElement[] = [];
  #shown: (TapeRow | undefined)[] = [];
  readonly #ends: (() => void)[] = [];

  constructor(host: HTMLElement) {
    this.#host = host;
    const resized = new ResizeObserver(() => this.#fit());
    resized.observe(host);
    this.#ends.push(
      () => resized.disconnect(),
      exchange.tape.subscribe(() => this.#draw()),
    );
    this.#fit();
  }

  end(): void {
    for (const end of this.#ends.splice(0)) end();
  }

  #fit(): void {
    const rowHeight = Number.parseFloat(getComputedStyle(this.#host).getPropertyValue('--row')) || 20;
    const count = Math.max(3, Math.min(ROWS_MAX, Math.floor(this.#host.clientHeight / rowHeight)));
    if (count === this.#rows.length) return;
    this.#rows = Array.from({ length: count }, () => {
      const row = document.createElement('div');
      row.className = 'tape-row';
      return row;
    });
    this.#shown = [];
    this.#host.replaceChildren(...this.#rows);
    this.#draw();
  }

  #draw(): void {
    const { rows } = exchange.tape;
    for (const [at, target] of this.#rows.entries()) {
      const row = rows[at];
      if (this.#shown[at] === row) continue;
      this.#shown[at] = row;
      if (!row) target.replaceChildren();
      else if (row.kind === 'gap') drawGap(target, row);
      else drawTrade(target, row, rows[at + 1]);
    }
  }
}

function drawTrade(target: HTMLElement, { trade }: TapeRow & { kind: 'trade' }, before: TapeRow | undefined): void {
  const buys = trade.taker_side === 'buy';
  const price = grouped(trade.price);
  const differs = before?.kind === 'trade' ? firstDifference(grouped(before.trade.price), price) : 0;
  target.className = 'tape-row';
  target.replaceChildren(
    cell(`number ${buys ? 'up' : 'down'}`, cell('same-digits', price.slice(0, differs)), price.slice(differs)),
    cell('number', grouped(trade.quantity)),
    cell('tape-side muted', buys ? '▲' : '▼'),
    cell('number muted', timeOfDay(trade.time)),
  );
}

function drawGap(target: HTMLElement, { gap, time }: TapeRow & { kind: 'gap' }): void {
  target.className = 'tape-row tape-gap';
  const what =
    gap.outcome === 'resumed'
      ? `resumed: ${grouped(String(gap.messages))} messages came late`
      : 'began anew: what lay between is not shown';
  target.replaceChildren(cell('', what), cell('number', time === '' ? '' : timeOfDay(time)));
}

function cell(className: string, ...content: (string | Node)[]): HTMLElement {
  const made = document.createElement('span');
  made.className = className;
  made.append(...content);
  return made;
}
