/** Short messages that come by themselves and go by themselves; also read out to who does not see them. */
import { Store } from '../stores/store.ts';

export interface Notice {
  readonly id: number;
  readonly kind: 'fill' | 'good' | 'bad' | 'info';
  readonly title: string;
  readonly text: string;
  readonly key: string | undefined;
}

const SHOWN_MAX = 4;
const SHOWN_MS = { fill: 7_000, good: 4_000, info: 6_000, bad: 12_000 } as const;

class NoticesStore extends Store {
  shown: readonly Notice[] = [];
  readonly #timers = new Map<number, ReturnType<typeof setTimeout>>();
  #nextId = 1;

  /** A notice with the key of one that is still shown takes its place. */
  add(kind: Notice['kind'], title: string, text: string, key?: string): void {
    const before = key === undefined ? undefined : this.shown.find((shown) => shown.key === key);
    const notice = { id: before?.id ?? this.#nextId++, kind, title, text, key };
    this.shown = before
      ? this.shown.map((shown) => (shown === before ? notice : shown))
      : [...this.shown, notice].slice(-SHOWN_MAX);
    this.changedNow();
    clearTimeout(this.#timers.get(notice.id));
    this.#timers.set(
      notice.id,
      setTimeout(() => this.remove(notice.id), SHOWN_MS[kind]),
    );
  }

  remove(id: number): void {
    clearTimeout(this.#timers.get(id));
    this.#timers.delete(id);
    const left = this.shown.filter((notice) => notice.id !== id);
    if (left.length === this.shown.length) return;
    this.shown = left;
    this.changedNow();
  }
}

export const notices = new NoticesStore();
