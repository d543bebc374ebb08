/** Which of four layouts fits the window. */
import { useSyncExternalStore } from 'react';

export type Screen = 'wide' | 'medium' | 'small' | 'phone';

const queries = [
  ['wide', matchMedia('(min-width: 1280px)')],
  ['medium', matchMedia('(min-width: 1000px)')],
  ['small', matchMedia('(min-width: 768px)')],
] as const;

export function useScreen(): Screen {
  return useSyncExternalStore(subscribe, read);
}

function read(): Screen {
  return queries.find(([, query]) => query.matches)?.[0] ?? 'phone';
}

function subscribe(changed: () => void): () => void {
  for (const [, query] of queries) query.addEventListener('change', changed);
  return () => {
    for (const [, query] of queries) query.removeEventListener('change', changed);
  };
}
