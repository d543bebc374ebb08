/**
 * The book on the screen: a fixed number of rows, made once; a frame writes only what changed into them. React does not
 * see these rows, so a thousand changes a second cost no more than one.
 */
import { exchange } from '../exchange/the-exchange.ts';
import { firstDifference, grouped } from '../format/numbers.ts';
import { formatPrice, formatQuantity, type SymbolRules, units } from '../format/symbol-rules.ts';
import { settings } from '../stores/settings.ts';
import { draft } from '../ticket/draft.ts';
import { type BookRow, groupedRows, groupPrice, spreadOf } from './grouped-levels.ts';

interface RowElements {
  readonly row: HTMLElement;
  readonly bar: HTMLElement;
  readonly mark: HTMLElement;
  readonly price: HTMLElement;
  readonly quantity: HTMLElement;
  readonly total: HTMLElement;
  shown: BookRow | undefined;
  own: boolean;
  barShare: number;
  flash: boolean;
}

const ROWS_MAX = 60;

export class BookView {
  readonly #host: HTMLElement;
  readonly #rules: SymbolRules;
  readonly #spread: HTMLElement;
  readonly #lastPrice: HTMLElement;
  readonly #middle: HTMLElement;
  readonly #spreadText: HTMLElement;
  readonly #asks: RowElements[] = [];
  readonly #bids: RowElements[] = [];
  readonly #ends: (() => void)[] = [];
  #rowsPerSide = 0;
  #lastShown = '';
  /** Which row the arrow keys are on, counted from the top; -1: none. */
  #cursor = -1;
  #began = false;

  constructor(host: HTMLElement, rules: SymbolRules) {
    this.#host = host;
    this.#rules = rules;
    this.#spread = element('div', 'book-spread');
    this.#lastPrice = element('strong', 'book-last');
    this.#spreadText = element('span', 'muted');
    this.#middle = element('span', 'muted book-middle');
    this.#spread.append(this.#lastPrice, this.#middle, this.#spreadText);
    host.replaceChildren(this.#spread);
    const resized = new ResizeObserver(() => this.#fit());
    resized.observe(host);
    const draw = () => this.#draw();
    const click = (event: MouseEvent) => this.#clicked(event);
    const key = (event: KeyboardEvent) => this.#keyed(event);
    host.addEventListener('click', click);
    host.addEventListener('keydown', key);
    this.#ends.push(
      () => resized.disconnect(),
      exchange.book.subscribe(draw),
      exchange.tape.subscribe(draw),
      exchange.account.subscribe(draw),
      settings.subscribe(draw),
      () => host.removeEventListener('click', click),
      () => host.removeEventListener('keydown', key),
    );
    this.#fit();
  }

  end(): void {
    for (const end of this.#ends.splice(0)) end();
  }

  #fit(): void {
    const style = getComputedStyle(this.#host);
    const rowHeight = Number.parseFloat(style.getPropertyValue('--row')) || 20;
    const spreadHeight = rowHeight + 8;
    const perSide = Math.max(
      3,
      Math.min(ROWS_MAX, Math.floor((this.#host.clientHeight - spreadHeight) / 2 / rowHeight)),
    );
    if (perSide === this.#rowsPerSide) return;
    this.#rowsPerSide = perSide;
    this.#asks.splice(0);
    this.#bids.splice(0);
    for (let at = 0; at < perSide; at += 1) {
      this.#asks.push(newRow('ask'));
      this.#bids.push(newRow('bid'));
    }
    this.#host.replaceChildren(
      ...this.#asks.toReversed().map(({ row }) => row),
      this.#spread,
      ...this.#bids.map(({ row }) => row),
    );
    this.#cursor = -1;
    this.#draw();
  }

  #draw(): void {
    const { book, tape } = exchange;
    if (!book.there || this.#rowsPerSide === 0) return;
    const groupUnits = (settings.now.grouping[this.#rules.symbol] ?? 1) * this.#rules.tickUnits;
    const asks = groupedRows(book.asks, 'sell', groupUnits, this.#rowsPerSide);
    const bids = groupedRows(book.bids, 'buy', groupUnits, this.#rowsPerSide);
    const most = Math.max(asks.at(-1)?.total ?? 0, bids.at(-1)?.total ?? 0, 1);
    const own = this.#ownPrices(groupUnits);
    this.#drawSide(this.#asks, asks, most, own.sell);
    this.#drawSide(this.#bids, bids, most, own.buy);
    this.#drawSpread(book.bids[0]?.price, book.asks[0]?.price, tape.lastPrices);
    this.#began = true;
  }

  #ownPrices(groupUnits: number): { readonly buy: Set<number>; readonly sell: Set<number> } {
    const own = { buy: new Set<number>(), sell: new Set<number>() };
    for (const { symbol, side, price } of exchange.account.open) {
      if (symbol !== this.#rules.symbol || price === null) continue;
      own[side].add(groupPrice(units(price, this.#rules.priceDecimals), side, groupUnits));
    }
    return own;
  }

  #drawSide(elements: RowElements[], rows: readonly BookRow[], most: number, own: Set<number>): void {
    for (let at = 0; at < elements.length; at += 1) {
      const target = elements[at]!;
      const row = rows[at];
      const before = target.shown;
      if (!row) {
        if (before) {
          for (const cell of [target.price, target.quantity, target.total]) cell.textContent = '';
          target.bar.style.transform = 'scaleX(0)';
          target.barShare = 0;
          target.shown = undefined;
          target.mark.textContent = '';
          target.own = false;
        }
        continue;
      }
      if (before?.price !== row.price) target.price.textContent = formatPrice(row.price, this.#rules);
      if (before?.quantity !== row.quantity) {
        target.quantity.textContent = formatQuantity(row.quantity, this.#rules);
        if (this.#began && before?.price === row.price) flash(target);
      }
      if (before?.total !== row.total) target.total.textContent = formatQuantity(row.total, this.#rules);
      const share = Math.round((row.total / most) * 500) / 500;
      if (target.barShare !== share) {
        target.barShare = share;
        target.bar.style.transform = `scaleX(${share})`;
      }
      const mine = own.has(row.price);
      if (mine !== target.own) {
        target.own = mine;
        target.mark.textContent = mine ? '◆' : '';
        target.row.classList.toggle('own', mine);
      }
      target.shown = row;
    }
  }

  #drawSpread(
    bid: number | undefined,
    ask: number | undefined,
    [last, before]: readonly [string | undefined, string | undefined],
  ): void {
    let text = 'one side of the book is empty';
    let mid = '';
    if (bid !== undefined && ask !== undefined) {
      const { ticks, bps, middle } = spreadOf(bid, ask, this.#rules.tickUnits);
      mid = `mid ${formatPrice(Math.round(middle), this.#rules)} ·`;
      text = `${grouped(String(ticks))} ${ticks === 1 ? 'tick' : 'ticks'} · ${bps.toFixed(bps < 10 ? 2 : 1)} bps`;
    }
    if (this.#middle.textContent !== mid) this.#middle.textContent = mid;
    if (this.#spreadText.textContent !== text) this.#spreadText.textContent = text;
    if (last === undefined || last === this.#lastShown) return;
    const rises = before === undefined || Number(last) >= Number(before);
    this.#lastShown = last;
    const now = grouped(last);
    const differs = before === undefined ? 0 : firstDifference(grouped(before), now);
    const same = element('span', 'same-digits');
    same.textContent = now.slice(0, differs);
    this.#lastPrice.className = `book-last ${rises ? 'up' : 'down'}`;
    this.#lastPrice.replaceChildren(rises ? '↑ ' : '↓ ', same, now.slice(differs));
  }

  #clicked(event: MouseEvent): void {
    const found = (event.target as HTMLElement).closest('.book-row');
    if (!found) return;
    const row = [...this.#asks, ...this.#bids].find((candidate) => candidate.row === found)?.shown;
    if (row) draft.takeLevel(row.price, this.#rules, event.shiftKey ? row.total : undefined);
  }

  /** Up and down move along the rows, Enter takes the price, with Shift the size as well. */
  #keyed(event: KeyboardEvent): void {
    const rows = [...this.#asks.toReversed(), ...this.#bids];
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      const step = event.key === 'ArrowDown' ? 1 : -1;
      const from = this.#cursor < 0 ? this.#rowsPerSide - (step > 0 ? 1 : 0) : this.#cursor;
      rows[this.#cursor]?.row.classList.remove('cursor');
      this.#cursor = Math.max(0, Math.min(rows.length - 1, from + step));
      rows[this.#cursor]?.row.classList.add('cursor');
      this.#host.setAttribute('aria-activedescendant', rows[this.#cursor]?.row.id ?? '');
      event.preventDefault();
    } else if (event.key === 'Enter') {
      const row = rows[this.#cursor]?.shown;
      if (row) draft.takeLevel(row.price, this.#rules, event.shiftKey ? row.total : undefined);
      event.preventDefault();
    }
  }
}

let rowCount = 0;

function newRow(side: 'ask' | 'bid'): RowElements {
  const row = element('div', `book-row ${side}`);
  row.id = `book-row-${++rowCount}`;
  row.setAttribute('role', 'option');
  const bar = element('i', 'book-bar');
  const mark = element('span', 'book-mark');
  const price = element('span', `number ${side === 'ask' ? 'down' : 'up'}`);
  const quantity = element('span', 'number');
  const total = element('span', 'number muted');
  bar.style.transform = 'scaleX(0)';
  row.append(bar, mark, price, quantity, total);
  return { row, bar, mark, price, quantity, total, shown: undefined, own: false, barShare: 0, flash: false };
}

/** Two names of one animation: changing the name starts it anew without asking the browser for a layout. */
function flash(target: RowElements): void {
  target.flash = !target.flash;
  target.quantity.className = `number ${target.flash ? 'flash-a' : 'flash-b'}`;
}

function element(tag: string, className: string): HTMLElement {
  const made = document.createElement(tag);
  made.className = className;
  return made;
}
