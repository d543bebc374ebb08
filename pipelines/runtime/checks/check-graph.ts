/** All checks of a graph. None stops the others; nothing is opened. */
import type { Graph } from '../graph.ts';
import type { Check, Fault } from './fault.ts';
import { cycle, dropOnPrivate, partitionDrift, twoInboxes, unboundedEdge, undeclaredRekey } from './laws.ts';
import { duplicateId, unknownInput, unknownOperator, unknownOutput, unnamedOperator } from './names.ts';
import { noConsumer, noInput, typeMismatch, unconsumedErrors, unloggedOutput } from './wiring.ts';

export const GRAPH_CHECKS: readonly Check[] = [
  unknownInput,
  unknownOutput,
  unknownOperator,
  duplicateId,
  unnamedOperator,
  typeMismatch,
  unloggedOutput,
  cycle,
  twoInboxes,
  partitionDrift,
  undeclaredRekey,
  unboundedEdge,
  dropOnPrivate,
  unconsumedErrors,
  noConsumer,
  noInput,
];

/** Every fault of the graph, in the order of the file. */
export function checkGraph(graph: Graph, checks: readonly Check[] = GRAPH_CHECKS): Fault[] {
  return inOrder(checks.flatMap((check) => check.find(graph)));
}

export function inOrder(faults: readonly Fault[]): Fault[] {
  return [...faults].sort(
    (left, right) =>
      left.at.file.localeCompare(right.at.file) || left.at.line - right.at.line || left.at.column - right.at.column,
  );
}
