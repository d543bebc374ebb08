import { join } from 'node:path';
import { type ArchiveOptions, archiveOptions } from '../../schemas/config.ts';

export type { ArchiveOptions };

/** Options out of an effective configuration; what it does not say is as by default. Throws on unknown names. */
export function archiveOptionsOf(config: unknown): ArchiveOptions {
  const backends = (config as { readonly backends?: { readonly archive?: unknown } } | null | undefined)?.backends;
  return archiveOptions.parse(backends?.archive ?? {});
}

export function archiveDirectory(dataDir: string, options: ArchiveOptions): string {
  return options.directory ?? join(dataDir, 'archive');
}
