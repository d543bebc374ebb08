/** What an empty place says: what will be here, and how to bring it about. */
import type { ReactNode } from 'react';

export function Empty({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <p className="empty">
      <strong>{title}</strong>
      {children}
    </p>
  );
}
