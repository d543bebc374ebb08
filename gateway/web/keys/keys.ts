/** Keys that work everywhere but where somebody types. */

import { exchange } from '../exchange/the-exchange.ts';
import { cancelAllDialog } from '../orders/cancel-all-dialog.ts';
import { PLACES, places } from '../shell/places.ts';
import { draft } from '../ticket/draft.ts';
import { keyHelp } from './key-help.ts';

export function listenToKeys(): void {
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (event.key === 'Escape') return leave();
    if (typing(event.target) || document.querySelector('dialog[open]')) return;
    const act = actions[event.key.toLowerCase()];
    if (!act) return;
    event.preventDefault();
    act();
  });
}

const actions: { readonly [key: string]: (() => void) | undefined } = {
  '/': search,
  b: () => toTicket('buy'),
  s: () => toTicket('sell'),
  x: () => {
    if (exchange.session.credentials) cancelAllDialog.show();
  },
  '?': () => keyHelp.show(),
  ...Object.fromEntries(PLACES.map((place, at) => [String(at + 1), () => places.go(place)])),
};

function leave(): void {
  draft.review(false);
  draft.showSheet(false);
  if (typing(document.activeElement)) (document.activeElement as HTMLElement).blur();
}

function search(): void {
  if (places.place !== 'trade') places.go('trade');
  const field = document.querySelector<HTMLInputElement>('.market-search');
  if (field && field.offsetParent !== null) {
    field.focus();
    field.select();
  } else document.querySelector<HTMLButtonElement>('[data-search-opens]')?.click();
}

function toTicket(side: 'buy' | 'sell'): void {
  if (places.place !== 'trade') places.go('trade');
  draft.set({ side });
  draft.showSheet(true);
  requestAnimationFrame(() => document.querySelector<HTMLInputElement>('#ticket-size')?.focus());
}

function typing(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement && target.matches('input:not([type=checkbox]), textarea, select, [contenteditable]')
  );
}
