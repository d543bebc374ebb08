/** A border between two panels that can be moved, by hand or by the arrow keys. */
import { type KeyboardEvent, type PointerEvent, useRef } from 'react';
import { settings } from '../stores/settings.ts';

interface SplitterParts {
  readonly name: string;
  readonly label: string;
  readonly direction: 'across' | 'down';
  /** Pixels. */
  readonly size: number;
  readonly least: number;
  readonly most: number;
  /** Whether moving right or down makes the panel larger. */
  readonly grows: boolean;
}

const KEY_STEP = 16;

export function Splitter({ name, label, direction, size, least, most, grows }: SplitterParts) {
  const from = useRef<{ readonly at: number; readonly size: number }>(undefined);
  const set = (wanted: number) => {
    const { sizes } = settings.now;
    settings.set({ sizes: { ...sizes, [name]: Math.round(Math.max(least, Math.min(most, wanted))) } });
  };
  const at = (event: PointerEvent) => (direction === 'across' ? event.clientX : event.clientY);
  const key = (event: KeyboardEvent) => {
    const step = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 }[event.key] ?? 0;
    if (step === 0) return;
    set(size + step * (grows ? 1 : -1) * KEY_STEP);
    event.preventDefault();
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: a separator that can be focused and moved is not a line in a text
    <div
      role="separator"
      tabIndex={0}
      aria-label={label}
      aria-orientation={direction === 'across' ? 'vertical' : 'horizontal'}
      aria-valuenow={size}
      aria-valuemin={least}
      aria-valuemax={most}
      className={`splitter ${direction}`}
      onKeyDown={key}
      onDoubleClick={() => {
        const { [name]: _, ...others } = settings.now.sizes;
        settings.set({ sizes: others });
      }}
      onPointerDown={(event) => {
        from.current = { at: at(event), size };
        event.currentTarget.setPointerCapture(event.pointerId);
      }}
      onPointerMove={(event) => {
        if (from.current) set(from.current.size + (at(event) - from.current.at) * (grows ? 1 : -1));
      }}
      onPointerUp={() => {
        from.current = undefined;
      }}
    />
  );
}
