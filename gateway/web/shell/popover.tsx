/** A button with a small panel under it; closes on Escape, on a click elsewhere, and when what is in it says so. */
import { type ReactNode, useEffect, useRef, useState } from 'react';

interface PopoverParts {
  readonly label: string;
  readonly className?: string;
  readonly button: ReactNode;
  readonly children: (close: () => void) => ReactNode;
}

export function Popover({ label, className = '', button, children }: PopoverParts) {
  const [open, setOpen] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!open) return;
    const away = (event: PointerEvent) => {
      if (!box.current?.contains(event.target as Node)) setOpen(false);
    };
    const key = (event: KeyboardEvent) => {
      if (event.key === 'Escape') setOpen(false);
    };
    document.addEventListener('pointerdown', away);
    document.addEventListener('keydown', key);
    return () => {
      document.removeEventListener('pointerdown', away);
      document.removeEventListener('keydown', key);
    };
  }, [open]);
  return (
    <div className={`popover-anchor ${className}`} ref={box}>
      <button
        type="button"
        className="bar-button"
        aria-label={label}
        aria-expanded={open}
        onClick={() => setOpen(!open)}
      >
        {button}
      </button>
      {open ? <div className="popover">{children(() => setOpen(false))}</div> : null}
    </div>
  );
}
