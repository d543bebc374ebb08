/** Everything `sluice lint` looks at: the config, the graph, and whether operators are pure. Opens no store and no socket. */
import { readProject } from './load-project.ts';
import { checkGraph, inOrder } from './runtime/checks/check-graph.ts';
import type { Fault } from './runtime/checks/fault.ts';
import { findImpurities } from './runtime/checks/pure-operators.ts';

export async function lintProject(folder: string = process.cwd()): Promise<Fault[]> {
  const { project, faults } = await readProject(folder);
  return inOrder([...faults, ...(project ? checkGraph(project.graph) : []), ...findImpurities(folder)]);
}
