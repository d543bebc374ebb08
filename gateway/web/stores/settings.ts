/** What the page remembers on this device: no credentials, nothing of the account. */
import { Store } from './store.ts';

export type Theme = 'dark' | 'light' | 'system';
export type Palette = 'green-red' | 'blue-orange';

export interface Settings {
  theme: Theme;
  palette: Palette;
  symbol: string;
  interval: string;
  favourites: string[];
  /** Ticks that a row of the book holds, by symbol. */
  grouping: { [symbol: string]: number };
  /** Sizes of panels in pixels, by splitter. */
  sizes: { [splitter: string]: number };
  /** Which tab of a group of panels is shown. */
  tabs: { [group: string]: string };
  sizeIn: 'base' | 'quote';
  confirmOrders: boolean;
}

const KEY = 'sluice.settings';
const defaults: Settings = {
  theme: 'dark',
  palette: 'green-red',
  symbol: '',
  interval: '1m',
  favourites: [],
  grouping: {},
  sizes: {},
  tabs: {},
  sizeIn: 'base',
  confirmOrders: false,
};

class SettingsStore extends Store {
  now: Settings = { ...defaults, ...readKept() };

  set(change: Partial<Settings>): void {
    this.now = { ...this.now, ...change };
    try {
      localStorage.setItem(KEY, JSON.stringify(this.now));
    } catch {
      // A device that keeps nothing: the settings last as long as the tab.
    }
    this.changedNow();
  }

  get shownTheme(): 'dark' | 'light' {
    if (this.now.theme !== 'system') return this.now.theme;
    return matchMedia('(prefers-color-scheme: light)').matches ? 'light' : 'dark';
  }
}

function readKept(): Partial<Settings> {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(KEY) ?? '{}');
    if (typeof kept !== 'object' || kept === null) return {};
    const fits = Object.entries(kept).filter(
      ([name, value]) => name in defaults && typeof value === typeof defaults[name as keyof Settings] && value !== null,
    );
    return Object.fromEntries(fits) as Partial<Settings>;
  } catch {
    return {};
  }
}

export const settings = new SettingsStore();

/** Puts theme and palette on the document; again when the system changes its own. */
export function showTheme(): void {
  const show = () => {
    document.documentElement.dataset.theme = settings.shownTheme;
    document.documentElement.dataset.palette = settings.now.palette;
  };
  settings.subscribe(show);
  matchMedia('(prefers-color-scheme: light)').addEventListener('change', () => settings.changedNow());
  show();
}
