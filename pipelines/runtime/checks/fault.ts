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

/** The closest of `names` to `wanted`, if it is close enough to be a slip of the hand. */
export function nearest(wanted: string, names: readonly string[]): string | undefined {
  let best: string | undefined;
  let bestDistance = Math.floor(wanted.length / 3) + 1;
  for (const name of names) {
    const distance = editDistance(wanted, name);
    if (distance < bestDistance) {
      best = name;
      bestDistance = distance;
    }
  }
  return best;
}

/** Optimal string alignment: insertions, deletions, replacements, swaps of neighbours. */
function editDistance(left: string, right: string): number {
  const rows: number[][] = [Array.from({ length: right.length + 1 }, (_, column) => column)];
  for (let row = 1; row <= left.length; row++) {
    rows.push([row]);
    for (let column = 1; column <= right.length; column++) {
      const same = left[row - 1] === right[column - 1] ? 0 : 1;
      let cost = Math.min(rows[row - 1]![column]! + 1, rows[row]![column - 1]! + 1, rows[row - 1]![column - 1]! + same);
      if (row > 1 && column > 1 && left[row - 1] === right[column - 2] && left[row - 2] === right[column - 1]) {
        cost = Math.min(cost, rows[row - 2]![column - 2]! + 1);
      }
      rows[row]!.push(cost);
    }
  }
  return rows[left.length]![right.length]!;
}
