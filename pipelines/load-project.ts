/** The project a verb works on: `pipeline.config.ts` of the current folder, and the topology that it names. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Config, configurationHash, type EffectiveOption, loadConfig } from '../schemas/config.ts';
import { ExitError } from '../schemas/exit.ts';
import type { PartitionCounts } from './runtime/catalog.ts';
import { inOrder } from './runtime/checks/check-graph.ts';
import type { Fault } from './runtime/checks/fault.ts';
import { formatFaults } from './runtime/checks/format-faults.ts';
import type { Graph } from './runtime/graph.ts';

export interface Project {
  readonly configFile: string;
  readonly config: Config;
  readonly options: readonly EffectiveOption[];
  readonly configurationHash: string;
  readonly counts: PartitionCounts;
  readonly graph: Graph;
  /** Module whose default export is the graph. */
  readonly topologyUrl: string;
}

/** What can be read of a project that may be faulty; `lint` shows the faults, everything else refuses them. */
export interface ReadProject {
  readonly project: Project | undefined;
  readonly faults: readonly Fault[];
}

export const CONFIG_FILE = 'pipeline.config.ts';

/** Reads config and topology. Throws only where there is no configuration file. */
export async function readProject(folder: string = process.cwd()): Promise<ReadProject> {
  const configFile = resolve(folder, CONFIG_FILE);
  if (!existsSync(configFile)) {
    throw new ExitError(78, `no ${CONFIG_FILE} in ${folder}: run this in the folder of the project`);
  }
  const at = { file: configFile, line: 1, column: 1 };
  const broken = (error: unknown, where: string): Fault => {
    const reason = error instanceof Error ? error.message : String(error);
    return { at: { ...at, file: where }, level: 'error', id: 'unreadable', says: `It cannot be loaded: ${reason}` };
  };
  let read: Awaited<ReturnType<typeof loadConfig>>;
  try {
    read = await loadConfig(configFile, process.env);
  } catch (error) {
    return { project: undefined, faults: [broken(error, configFile)] };
  }
  const { config, faults, options } = read;
  if (!config) return { project: undefined, faults };
  const topologyFile = resolve(folder, 'pipelines', `${config.pipeline}.ts`);
  const topologyUrl = pathToFileURL(topologyFile).href;
  if (!existsSync(topologyFile)) {
    const says = `pipeline "${config.pipeline}" has no topology: ${topologyFile} does not exist`;
    return { project: undefined, faults: [...faults, { at, level: 'error', id: 'unknown-pipeline', says }] };
  }
  let graph: Graph;
  try {
    graph = ((await import(topologyUrl)) as { readonly default: Graph }).default;
  } catch (error) {
    return { project: undefined, faults: [...faults, broken(error, topologyFile)] };
  }
  const counts = { account: config.partitions.accounts, symbol: config.partitions.symbols };
  const hash = configurationHash(config);
  return {
    project: { configFile, config, options, configurationHash: hash, counts, graph, topologyUrl },
    faults,
  };
}

/** A project without an error in its configuration. Throws `ExitError` 78 with all faults. */
export async function loadProject(folder?: string): Promise<Project> {
  const { project, faults } = await readProject(folder);
  const errors = faults.filter(({ level }) => level === 'error');
  if (!project || errors.length > 0) refuse(errors);
  return project;
}

export function refuse(faults: readonly Fault[]): never {
  throw new ExitError(78, ['the configuration is refused', ...formatFaults(inOrder(faults), 'text')].join('\n'));
}
