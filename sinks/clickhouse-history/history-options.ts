import { type HistoryOptions, historyOptions } from '../../schemas/config.ts';

export type { HistoryOptions };

/** Options out of an effective configuration; what it does not say is as by default. Throws on unknown names. */
export function historyOptionsOf(config: unknown): HistoryOptions {
  const backends = (config as { readonly backends?: { readonly history?: unknown } } | null | undefined)?.backends;
  return historyOptions.parse(backends?.history ?? {});
}
