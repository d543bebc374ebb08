/** Questions that somebody saved on this device. */
import { Store } from '../stores/store.ts';
import type { SavedQuery } from './examples.ts';

const KEY = 'sluice.queries';
const KEPT_MAX = 50;

class SavedQueriesStore extends Store {
  own: readonly SavedQuery[] = read();

  save(name: string, sql: string): void {
    this.#keep([...this.own.filter((saved) => saved.name !== name), { name, sql }].slice(-KEPT_MAX));
  }

  forget(name: string): void {
    this.#keep(this.own.filter((saved) => saved.name !== name));
  }

  #keep(own: readonly SavedQuery[]): void {
    this.own = own;
    try {
      localStorage.setItem(KEY, JSON.stringify(own));
    } catch {
      // Then they last as long as the tab.
    }
    this.changedNow();
  }
}

function read(): readonly SavedQuery[] {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(KEY) ?? '[]');
    if (!Array.isArray(kept)) return [];
    return kept.filter((saved) => typeof saved?.name === 'string' && typeof saved?.sql === 'string');
  } catch {
    return [];
  }
}

export const savedQueries = new SavedQueriesStore();
