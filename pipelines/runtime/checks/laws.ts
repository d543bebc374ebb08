/** Checks of the laws: one inbox a stage, a log on every circle, a key from end to end, a bound on every queue. */

import { losslessRecords } from '../../../schemas/lossless-records.ts';
import type { Graph } from '../graph.ts';
import { inboxOf, nodeOf } from '../graph.ts';
import type { Check, Fault } from './fault.ts';
import { portName } from './fault.ts';

export const twoInboxes: Check = {
  id: 'two-inboxes',
  level: 'error',
  summary: 'a stage reads two inputs (law 1)',
  find: (graph) =>
    graph.nodes.flatMap((node) => {
      if (node.kind !== 'stage') return [];
      const inputs = graph.edges.filter((edge) => edge.to === node.id);
      if (inputs.length < 2) return [];
      const names = inputs.map((edge) => `"${portName(edge)}"`).join(' and ');
      const says = `"${node.id}" reads ${names}: a stage has one ordered inbox (law 1). Let one log take both`;
      return [{ at: node.at, level: 'error' as const, id: 'two-inboxes', says }];
    }),
};

export const cycle: Check = {
  id: 'cycle',
  level: 'error',
  summary: 'stages feed each other in a circle without a log on it',
  find: (graph) => {
    const faults: Fault[] = [];
    const seen = new Set<string>();
    const walk = (id: string, path: readonly string[]) => {
      const from = path.indexOf(id);
      if (from >= 0) {
        const circle = path.slice(from);
        const key = [...circle].sort().join();
        if (seen.has(key)) return;
        seen.add(key);
        const says = `${[...circle, id].join(' -> ')} closes without a log on it`;
        faults.push({ at: nodeOf(graph, id)!.at, level: 'error', id: 'cycle', says });
        return;
      }
      for (const edge of graph.edges) {
        if (edge.from.node === id && nodeOf(graph, edge.to)?.kind === 'stage') walk(edge.to, [...path, id]);
      }
    };
    for (const node of graph.nodes) if (node.kind === 'stage') walk(node.id, []);
    return faults;
  },
};

export const undeclaredRekey: Check = {
  id: 'undeclared-rekey',
  level: 'error',
  summary: 'a log without a key takes what a keyed stage says: its order per key would be lost in one partition',
  find: (graph) =>
    graph.edges.flatMap((edge) => {
      const log = nodeOf(graph, edge.to);
      const inbox = inboxOf(graph, edge.from.node);
      const from = inbox === undefined ? undefined : nodeOf(graph, inbox);
      if (log?.kind !== 'log' || log.key !== undefined || from?.kind !== 'log' || from.key === undefined) return [];
      const says = `"${portName(edge)}" is kept by ${from.key}; "${edge.to}" declares no key. Give it { key: '${from.key}' }`;
      return [{ at: edge.at, level: 'error' as const, id: 'undeclared-rekey', says }];
    }),
};

export const partitionDrift: Check = {
  id: 'partition-drift',
  level: 'error',
  summary: 'a sink puts stages of different keys side by side and keeps one position for them',
  find: (graph) =>
    graph.nodes.flatMap((node) => {
      if (node.kind !== 'sink') return [];
      const foreign = graph.edges.flatMap((edge) => {
        const stage = nodeOf(graph, edge.from.node);
        if (edge.to !== node.id || stage?.kind !== 'stage') return [];
        const log = nodeOf(graph, inboxOf(graph, stage.id) ?? '');
        return log?.kind === 'log' && log.key === undefined ? [{ edge, log }] : [];
      });
      return foreign.map(({ edge, log }) => ({
        at: edge.at,
        level: 'error' as const,
        id: 'partition-drift',
        says: `"${node.id}" reads "${portName(edge)}", which comes from "${log.id}" without a key: its partitions do not follow account or symbol, and order per key would break`,
      }));
    }),
};

export const unboundedEdge: Check = {
  id: 'unbounded-edge',
  level: 'error',
  summary: 'a queue in memory without a bound or a policy (law 5)',
  find: (graph) =>
    graph.nodes.flatMap((node) => {
      if (node.kind !== 'sink') return [];
      const bad: string[] = [];
      if (!Number.isInteger(node.queue.blocks) || node.queue.blocks < 1) bad.push(`blocks: ${node.queue.blocks}`);
      if (!Number.isInteger(node.queue.records) || node.queue.records < 1) bad.push(`records: ${node.queue.records}`);
      if (!['block', 'conflate', 'disconnect'].includes(node.queue.full)) bad.push(`full: ${String(node.queue.full)}`);
      if (node.queue.full === 'disconnect' && !(Number(node.queue.disconnectAfterMs) > 0)) {
        bad.push(`disconnectAfterMs: ${node.queue.disconnectAfterMs}`);
      }
      if (bad.length === 0) return [];
      const says = `Queue of "${node.id}" has ${bad.join(', ')}; it needs blocks and records of 1 or more and full: block, conflate or disconnect (with disconnectAfterMs)`;
      return [{ at: node.at, level: 'error' as const, id: 'unbounded-edge', says }];
    }),
};

export const dropOnPrivate: Check = {
  id: 'drop-on-private',
  level: 'error',
  summary: 'conflation of records of which none may be lost',
  find: (graph) =>
    graph.nodes.flatMap((node) => {
      if (node.kind !== 'sink' || node.queue.full !== 'conflate') return [];
      const lost = conflated(graph, node.id, node.queue.never ?? []);
      if (lost.length === 0) return [];
      const says = `Queue of "${node.id}" would conflate ${lost.join(', ')}: name them in never, or block`;
      return [{ at: node.at, level: 'error' as const, id: 'drop-on-private', says }];
    }),
};

function conflated(graph: Graph, sink: string, never: readonly string[]): string[] {
  const types = graph.edges.filter((edge) => edge.to === sink).flatMap((edge) => edge.records?.types ?? []);
  return [...new Set(types)].filter((type) => losslessRecords.has(type) && !never.includes(type));
}
