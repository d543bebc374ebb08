import { join } from 'node:path';
import { z } from 'zod';

/** What may be said of the archive in the configuration, under `backends.archive`. */
export const ArchiveOptions = z.strictObject({
  directory: z
    .string()
    .min(1)
    .optional()
    .describe(
      'folder of the archive; it should lie on another disk than the data. Default: archive in the data folder',
    ),
  codec: z.enum(['null', 'deflate']).default('deflate').describe('compression inside the files'),
  segmentRecords: z
    .int()
    .min(4096)
    .max(1_048_576)
    .default(65_536)
    .describe('records after which a segment closes, a multiple of 1,024'),
  segmentSeconds: z.int().min(1).max(60).default(60).describe('log time after which a segment closes, at a tick'),
});

export type ArchiveOptions = z.output<typeof ArchiveOptions>;

/** Options out of an effective configuration; what it does not say is as by default. Throws on unknown names. */
export function archiveOptionsOf(config: unknown): ArchiveOptions {
  const backends = (config as { readonly backends?: { readonly archive?: unknown } } | null | undefined)?.backends;
  return ArchiveOptions.parse(backends?.archive ?? {});
}

export function archiveDirectory(dataDir: string, options: ArchiveOptions): string {
  return options.directory ?? join(dataDir, 'archive');
}
