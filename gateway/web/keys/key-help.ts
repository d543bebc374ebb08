/** Whether the list of keys is shown, and what it lists. */
import { Store } from '../stores/store.ts';

class KeyHelpStore extends Store {
  open = false;

  show(): void {
    this.open = true;
    this.changedNow();
  }

  hide(): void {
    this.open = false;
    this.changedNow();
  }
}

export const keyHelp = new KeyHelpStore();

export const KEYS: readonly (readonly [keys: string, does: string])[] = [
  ['/', 'Search a market'],
  ['B', 'Buy: into the ticket'],
  ['S', 'Sell: into the ticket'],
  ['Enter', 'In the ticket: look at the summary; again: send'],
  [
    '↑ ↓',
    'In a price or a size: by a tick or a lot, with Shift by ten. In the book: along the levels. On an order’s line: move it',
  ],
  ['Shift Enter', 'In the book: take the price and the size up to it'],
  ['X', 'Cancel all orders, after a question with the count'],
  ['1 to 5', 'Trade, Pipeline, Query, API, Admin'],
  ['Escape', 'Close, or put back what was being moved'],
  ['?', 'This list'],
];
