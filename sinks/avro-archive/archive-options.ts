import { join } from 'node:path';
import { type ArchiveOptions, archiveOptions } from '../../schemas/config.ts';
import { openFolderStore } from './folder-store.ts';
import type { ObjectStore } from './object-store.ts';

export type { ArchiveOptions };

/** Options out of an effective configuration; what it does not say is as by default. Throws on unknown names. */
export function archiveOptionsOf(config: unknown): ArchiveOptions {
  const backends = (config as { readonly backends?: { readonly archive?: unknown } } | null | undefined)?.backends;
  return archiveOptions.parse(backends?.archive ?? {});
}

/** The bucket where the options name one, else the folder. S3's client is loaded where it is used only. */
export async function openArchiveStore(dataDir: string, options: ArchiveOptions): Promise<ObjectStore> {
  if (options.s3.bucket === undefined) return openFolderStore(archiveDirectory(dataDir, options));
  const { openS3Store } = await import('./s3-store.ts');
  return openS3Store(options.s3);
}

export function archiveDirectory(dataDir: string, options: ArchiveOptions): string {
  return options.directory ?? join(dataDir, 'archive');
}
