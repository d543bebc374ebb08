/** What a check finds. All checks run, all their faults are shown at once. */
import type { Graph, GraphEdge, Place } from '../graph.ts';

export type Level = 'error' | 'warn';

export interface Fault {
  readonly at: Place;
  readonly level: Level;
  readonly id: string;
  /** A sentence with the names, what is allowed, and a near name where one exists. */
  readonly says: string;
}

/** One rule: it sees the whole graph and gives every fault it finds. */
export interface Check {
  readonly id: string;
  readonly level: Level;
  /** One line for the docs. */
  readonly summary: string;
  find(graph: Graph): Fault[];
}

export function portName(edge: GraphEdge): string {
  return edge.from.port === '' ? edge.from.node : `${edge.from.node}.${edge.from.port}`;
}
