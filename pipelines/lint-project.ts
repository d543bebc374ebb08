/** Everything `sluice lint` looks at: the config, the graph, whether operators are pure and records stay readable. Opens no store and no socket. */
import { configFaultIds, configFaultLevel } from '../schemas/config.ts';
import { loadFaultIds, readProject } from './load-project.ts';
import { checkGraph, GRAPH_CHECKS, inOrder } from './runtime/checks/check-graph.ts';
import { findIncompatibleSchemas, schemaIncompatible } from './runtime/checks/compatible-schemas.ts';
import type { Fault, Level } from './runtime/checks/fault.ts';
import { findImpurities, impureOperator } from './runtime/checks/pure-operators.ts';

/** One rule, as the docs list it. */
export interface LintRule {
  readonly id: string;
  readonly level: Level;
  readonly summary: string;
}

/** Every rule there is: those of files, of the configuration, of the graph, of operators, of records. */
export function lintRules(): LintRule[] {
  const config = Object.entries(configFaultIds) as [keyof typeof configFaultIds, string][];
  return [
    ...Object.entries(loadFaultIds).map(([id, summary]) => ({ id, level: 'error' as const, summary })),
    ...config.map(([id, summary]) => ({ id, level: configFaultLevel(id), summary })),
    ...GRAPH_CHECKS.map(({ id, level, summary }) => ({ id, level, summary })),
    impureOperator,
    schemaIncompatible,
  ];
}

export async function lintProject(folder: string = process.cwd()): Promise<Fault[]> {
  const { graph, faults } = await readProject(folder);
  return inOrder([
    ...faults,
    ...(graph ? checkGraph(graph) : []),
    ...findImpurities(folder),
    ...findIncompatibleSchemas(folder),
  ]);
}
