/**
 * The catalog of a cluster: one object a version beside the snapshots, created once and never changed. Whoever starts
 * first creates it; the others find it. A symbol that is new makes another version, in which all others stay where they are.
 */
import { ExitError } from '../../../schemas/exit.ts';
import { type Catalog, EMPTY_CATALOG, extendCatalog, type PartitionCounts, placeSymbols } from '../catalog.ts';
import type { Graph } from '../graph.ts';
import type { SnapshotObjects } from './stage-snapshots.ts';

export interface ClusterCatalog {
  /** Drawn once for an exchange: names it to clients, together with the generation. */
  readonly id: string;
  readonly catalog: Catalog;
  /** Offset of the first event of a log partition, by `log/partition`; 0 where it is not named. */
  readonly bases: { readonly [logPartition: string]: number };
}

interface Version extends ClusterCatalog {
  readonly version: number;
}

const PREFIX = 'catalog/';

/** The newest catalog, with a number for everything of the graph and a place for every symbol; made where it is not there. */
export async function openClusterCatalog(
  objects: SnapshotObjects,
  graph: Graph,
  counts: PartitionCounts,
  placed: ReadonlyMap<number, number>,
  newId: () => string,
): Promise<ClusterCatalog> {
  for (let attempt = 0; attempt < 10; attempt++) {
    const newest = await newestVersion(objects);
    const catalog = placeSymbols(extendCatalog(newest?.catalog ?? EMPTY_CATALOG, graph, counts), placed);
    if (newest && JSON.stringify(catalog) === JSON.stringify(newest.catalog)) return newest;
    await createVersion(objects, {
      id: newest?.id ?? newId(),
      version: (newest?.version ?? 0) + 1,
      catalog,
      bases: newest?.bases ?? {},
    });
    // Whoever was first, that version counts: it is read and compared again.
  }
  throw new ExitError(
    75,
    `the catalog in ${objects.name} is changed all the time: another process has another configuration`,
  );
}

/** Undefined: none was made yet. */
export async function readClusterCatalog(objects: SnapshotObjects): Promise<ClusterCatalog | undefined> {
  return newestVersion(objects);
}

/** The first version of a generation. */
export async function createVersion(objects: SnapshotObjects, version: Version): Promise<'created' | 'exists'> {
  const key = `${PREFIX}g${String(version.catalog.generation).padStart(4, '0')}-v${String(version.version).padStart(6, '0')}.json`;
  return objects.create(key, Buffer.from(`${JSON.stringify(version, null, 2)}\n`));
}

async function newestVersion(objects: SnapshotObjects): Promise<Version | undefined> {
  const key = (await objects.list(PREFIX)).filter((name) => name.endsWith('.json')).at(-1);
  const bytes = key === undefined ? undefined : await objects.read(key);
  return bytes && (JSON.parse(Buffer.from(bytes).toString('utf8')) as Version);
}
