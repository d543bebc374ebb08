/** Checks of wires: what a port offers and what its reader takes. */
import type { Graph, GraphEdge } from '../graph.ts';
import { headStages, nodeOf } from '../graph.ts';
import type { Check, Fault } from './fault.ts';
import { portName } from './fault.ts';

export const typeMismatch: Check = {
  id: 'type-mismatch',
  level: 'error',
  summary: 'a port offers what its reader does not take, or not what it needs',
  find: (graph) => graph.edges.flatMap((edge) => mismatch(graph, edge)),
};

export const noConsumer: Check = {
  id: 'no-consumer',
  level: 'warn',
  summary: 'an output has no consumer and no reason to be dropped',
  find: (graph) => unread(graph, (port) => !isReject(port), 'no-consumer', 'warn'),
};

export const unconsumedErrors: Check = {
  id: 'unconsumed-errors',
  level: 'error',
  summary: 'a reject or dead-letter output has no consumer and no reason to be dropped',
  find: (graph) => unread(graph, isReject, 'unconsumed-errors', 'error'),
};

export const noInput: Check = {
  id: 'no-input',
  level: 'warn',
  summary: 'a log takes nothing, or a stage or sink reads nothing',
  find: (graph) =>
    graph.nodes
      .filter((node) => node.kind !== 'source' && !graph.edges.some((edge) => edge.to === node.id))
      .map((node) => ({
        at: node.at,
        level: 'warn' as const,
        id: 'no-input',
        says: `Nothing feeds the ${node.kind} "${node.id}"${node.kind === 'log' ? ' (wire a port into it by takes)' : ''}`,
      })),
};

/** The way from the head to whoever follows it leads through a log: only what is durable may be seen (law 3). */
export const unloggedOutput: Check = {
  id: 'unlogged-output',
  level: 'error',
  summary: 'a sink or a following stage reads a stage of the head without a log between them',
  find: (graph) => {
    const head = headStages(graph);
    return graph.edges.flatMap((edge) => {
      if (!head.has(edge.from.node) || head.has(edge.to) || nodeOf(graph, edge.to)?.kind === 'log') return [];
      const logs = graph.edges
        .filter((other) => other.from.node === edge.from.node && other.from.port === edge.from.port)
        .map((other) => other.to)
        .filter((id) => nodeOf(graph, id)?.kind === 'log');
      const hint = logs.length > 0 ? `read the log "${logs[0]}" instead` : 'let a log take it, and read that';
      const says = `"${edge.to}" reads "${portName(edge)}" before it is durable: ${hint}`;
      return [{ at: edge.at, level: 'error' as const, id: 'unlogged-output', says }];
    });
  },
};

function mismatch(graph: Graph, edge: GraphEdge): Fault[] {
  const to = nodeOf(graph, edge.to);
  if (!edge.records || !to || to.kind === 'source') return [];
  const takes = to.kind === 'log' ? to.records : to.definition?.input;
  if (!takes) return [];
  const offered: readonly string[] = edge.records.types;
  const taken: readonly string[] = takes.types;
  const fault = (says: string): Fault[] => [{ at: edge.at, level: 'error', id: 'type-mismatch', says }];
  if (to.kind === 'log') {
    const foreign = offered.filter((type) => !taken.includes(type));
    return foreign.length === 0
      ? []
      : fault(
          `"${portName(edge)}" (${foreign.join(', ')}) cannot feed "${edge.to}", which takes ${takes.name} (${taken.join(', ')})`,
        );
  }
  if (to.kind === 'stage') {
    const missing = taken.filter((type) => !offered.includes(type));
    return missing.length === 0
      ? []
      : fault(
          `"${portName(edge)}" (${edge.records.name}) cannot feed "${edge.to}", which also needs ${missing.join(', ')}`,
        );
  }
  return offered.some((type) => taken.includes(type))
    ? []
    : fault(
        `"${portName(edge)}" (${offered.join(', ')}) cannot feed "${edge.to}", which takes ${takes.name} (${taken.join(', ')})`,
      );
}

function unread(graph: Graph, wanted: (port: string) => boolean, id: string, level: 'error' | 'warn'): Fault[] {
  return graph.nodes.flatMap((node) => {
    if (node.kind !== 'stage' && node.kind !== 'source') return [];
    return Object.keys(node.definition?.outputs ?? {})
      .filter((port) => wanted(port) && !graph.dropped.has(`${node.id}.${port}`))
      .filter((port) => !graph.edges.some((edge) => edge.from.node === node.id && edge.from.port === port))
      .map((port) => ({
        at: node.at,
        level,
        id,
        says: `Output "${node.id}.${port}" has no consumer (wire it, or drop: { ${port}: 'reason' })`,
      }));
  });
}

function isReject(port: string): boolean {
  return port === 'rejected' || port === 'dead' || port === 'malformed';
}
