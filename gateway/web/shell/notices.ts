/** Short messages that come by themselves and go by themselves; also read out to who does not see them. */
import { Store } from '../stores/store.ts';

export interface Notice {
  readonly id: number;
  readonly kind: 'fill' | 'good' | 'bad' | 'info';
  readonly title: string;
  readonly text: string;
}

const SHOWN_MAX = 4;
const SHOWN_MS = { fill: 7_000, good: 4_000, info: 6_000, bad: 12_000 } as const;

class NoticesStore extends Store {
  shown: readonly Notice[] = [];
  #nextId = 1;

  add(kind: Notice['kind'], title: string, text: string): void {
    const notice = { id: this.#nextId++, kind, title, text };
    this.shown = [...this.shown, notice].slice(-SHOWN_MAX);
    this.changedNow();
    setTimeout(() => this.remove(notice.id), SHOWN_MS[kind]);
  }

  remove(id: number): void {
    const left = this.shown.filter((notice) => notice.id !== id);
    if (left.length === this.shown.length) return;
    this.shown = left;
    this.changedNow();
  }
}

export const notices = new NoticesStore();
