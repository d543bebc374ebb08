/**
 * Copies of the data directory's catalog: without the numbers of logs and edges an archived record says nothing. Kept by
 * content, before any segment that could need them; within a generation a catalog only grows, so the largest one serves all.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { Malformed } from '../../schemas/malformed.ts';
import type { ObjectStore } from './object-store.ts';

const numbers = z.record(z.string(), z.int().min(0));

/** The runtime's catalog file, as it stands. */
const CatalogFile = z.strictObject({
  format: z.literal(1),
  generation: z.int().positive(),
  logs: numbers,
  edges: numbers,
  partitions: numbers,
  symbolPartitions: numbers,
});

export type ArchivedCatalog = z.output<typeof CatalogFile>;

/** Stores the catalog of a data directory where it is not stored yet. Without one there is nothing to keep. */
export class CatalogCopies {
  readonly #store: ObjectStore;
  readonly #path: string;
  #known = '';

  constructor(store: ObjectStore, dataDir: string) {
    this.#store = store;
    this.#path = join(dataDir, 'catalog.json');
  }

  async keep(): Promise<void> {
    let text: string;
    try {
      text = readFileSync(this.#path, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
      throw error;
    }
    if (text === this.#known) return;
    const catalog = CatalogFile.parse(JSON.parse(text));
    await this.#store.create(keyOf(catalog.generation, text), Buffer.from(text));
    this.#known = text;
  }
}

/** The catalog with the most in it. Throws {@link Malformed} where there is none, or one is not what its key says. */
export async function readArchivedCatalog(store: ObjectStore, generation: number): Promise<ArchivedCatalog> {
  let largest: ArchivedCatalog | undefined;
  for (const key of await store.list(`catalog/${generation}-`)) {
    const text = Buffer.from((await store.read(key)) ?? new Uint8Array(0)).toString('utf8');
    if (keyOf(generation, text) !== key) throw new Malformed(`${key} is not what its name says`, 0);
    const catalog = CatalogFile.parse(JSON.parse(text));
    if (!largest || sizeOf(catalog) > sizeOf(largest)) largest = catalog;
  }
  if (!largest) throw new Malformed(`the archive holds no catalog of generation ${generation}`, 0);
  return largest;
}

function keyOf(generation: number, text: string): string {
  return `catalog/${generation}-${createHash('sha256').update(text).digest('hex').slice(0, 32)}.json`;
}

function sizeOf({ logs, edges, symbolPartitions }: ArchivedCatalog): number {
  return Object.keys(logs).length + Object.keys(edges).length + Object.keys(symbolPartitions).length;
}
