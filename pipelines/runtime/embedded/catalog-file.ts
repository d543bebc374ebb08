/** The catalog on disk: `catalog.json` in the data directory, replaced whole. */
import { join } from 'node:path';
import { ExitError } from '../../../schemas/exit.ts';
import { type Catalog, EMPTY_CATALOG } from '../catalog.ts';
import { syncFully, writeFully } from '../log/write-fully.ts';
import { type Disk, readWhole } from '../outside/disk.ts';

export function readCatalog(disk: Disk, dataDir: string): Catalog {
  const path = join(dataDir, 'catalog.json');
  if (!disk.exists(path)) return EMPTY_CATALOG;
  const text = Buffer.from(readWhole(disk, path)).toString('utf8');
  try {
    const catalog = JSON.parse(text) as Catalog;
    if (catalog.format === 1) return catalog;
  } catch {
    // Falls through to the refusal: the file says which numbers stand in the log, so there is no going on without it.
  }
  throw new ExitError(
    65,
    `${path} is not a catalog of format 1: take it from a copy of the data directory, the log cannot be read without it`,
  );
}

export function writeCatalog(disk: Disk, dataDir: string, catalog: Catalog): void {
  const path = join(dataDir, 'catalog.json');
  const aside = `${path}.aside`;
  if (disk.exists(aside)) disk.unlink(aside);
  const bytes = Buffer.from(`${JSON.stringify(catalog, null, 2)}\n`);
  const file = disk.open(aside, 'create');
  try {
    writeFully(file, bytes, 0, bytes.length, 0);
    syncFully(file);
  } finally {
    file.close();
  }
  disk.rename(aside, path);
  disk.syncDirectory(dataDir);
}
