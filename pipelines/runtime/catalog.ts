/**
 * The catalog of a data directory: which number stands for which log and which edge in the stored records, how many
 * partitions each log has, and where each symbol lives. Numbers are given once and never again, so a topology may be
 * reordered or grow without touching what is stored. Partition counts are fixed for a generation.
 */

import { ExitError } from '../../schemas/exit.ts';
import { idLimits } from '../../schemas/ids.ts';
import type { Graph, Key } from './graph.ts';
import { edgeName, headStages } from './graph.ts';

export interface Catalog {
  readonly format: 1;
  readonly generation: number;
  /** By name, from 1. */
  readonly logs: { readonly [name: string]: number };
  /** By `node.port -> log`, and by `stage.port` for the ports of stages that only follow; from 1. */
  readonly edges: { readonly [name: string]: number };
  readonly partitions: { readonly [log: string]: number };
  /** By symbol id: the partition of every log keyed by symbol. */
  readonly symbolPartitions: { readonly [symbol: string]: number };
}

export interface PartitionCounts {
  readonly account: number;
  readonly symbol: number;
}

export const EMPTY_CATALOG: Catalog = {
  format: 1,
  generation: 1,
  logs: {},
  edges: {},
  partitions: {},
  symbolPartitions: {},
};

/**
 * The catalog with a number for every log and edge of the graph. Existing numbers stay.
 * Throws `ExitError` 78 where a partition count differs from the stored one, or a number space is used up.
 */
export function extendCatalog(catalog: Catalog, graph: Graph, counts: PartitionCounts): Catalog {
  const logs = { ...catalog.logs };
  const edges = { ...catalog.edges };
  const partitions = { ...catalog.partitions };
  for (const node of graph.nodes) {
    if (node.kind !== 'log') continue;
    logs[node.id] ??= nextNumber(logs, idLimits.logs, 'log', node.id);
    const wanted = countFor(node.key, counts);
    partitions[node.id] ??= wanted;
    if (partitions[node.id] !== wanted) {
      throw new ExitError(
        78,
        `partitions of log "${node.id}": the config asks for ${wanted}, generation ${catalog.generation} was made with ` +
          `${partitions[node.id]}. Counts are fixed for a generation: set it back to ${partitions[node.id]}.`,
      );
    }
  }
  for (const edge of graph.edges) {
    if (logs[edge.to] === undefined || graph.nodes.find((node) => node.id === edge.to)?.kind !== 'log') continue;
    const name = edgeName(edge);
    edges[name] ??= nextNumber(edges, idLimits.edges, 'edge', name);
  }
  const head = headStages(graph);
  for (const node of graph.nodes) {
    if (node.kind !== 'stage' || head.has(node.id)) continue;
    for (const port of Object.keys(node.definition.outputs)) {
      const name = `${node.id}.${port}`;
      edges[name] ??= nextNumber(edges, idLimits.edges, 'edge', name);
    }
  }
  return { ...catalog, logs, edges, partitions };
}

/** The catalog in which each symbol has a partition; known symbols stay where they are. */
export function placeSymbols(catalog: Catalog, placed: ReadonlyMap<number, number>): Catalog {
  const symbolPartitions: { [symbol: string]: number } = { ...catalog.symbolPartitions };
  for (const [symbol, partition] of placed) symbolPartitions[symbol] ??= partition;
  return { ...catalog, symbolPartitions };
}

function countFor(key: Key | undefined, counts: PartitionCounts): number {
  const count = key === 'account' ? counts.account : key === 'symbol' ? counts.symbol : 1;
  if (!Number.isInteger(count) || count < 1 || count > idLimits.edgePartitions) {
    throw new ExitError(
      78,
      `partitions: ${count} given, a whole number from 1 to ${idLimits.edgePartitions} is allowed`,
    );
  }
  return count;
}

function nextNumber(taken: { readonly [name: string]: number }, limit: number, what: string, name: string): number {
  const next = Math.max(0, ...Object.values(taken)) + 1;
  if (next >= limit)
    throw new ExitError(78, `${what} "${name}" would be number ${next}; a data directory has room for ${limit - 1}`);
  return next;
}
