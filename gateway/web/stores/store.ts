/** State outside React: written as messages come, read at most once a frame. */
import { useSyncExternalStore } from 'react';
import { type Drawn, drawNextFrame } from './frame-loop.ts';

export class Store implements Drawn {
  version = 0;
  readonly #readers = new Set<() => void>();

  readonly subscribe = (reader: () => void): (() => void) => {
    this.#readers.add(reader);
    return () => this.#readers.delete(reader);
  };
  readonly versionNow = (): number => this.version;

  /** Told in the next frame, however often it is called before. */
  changed(): void {
    this.version += 1;
    drawNextFrame(this);
  }

  /** Told at once: for what a hand did, where waiting a frame could let two hands cross. */
  changedNow(): void {
    this.version += 1;
    this.draw();
  }

  draw(): void {
    for (const reader of [...this.#readers]) reader();
  }
}

/** Draws the component anew when the store changed. */
export function useStore<S extends Store>(store: S): S {
  useSyncExternalStore(store.subscribe, store.versionNow);
  return store;
}
