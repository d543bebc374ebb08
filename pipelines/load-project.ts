/** The project a verb works on: `pipeline.config.ts` of the current folder, and the topology that it names. */
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { type Config, configurationHash, type EffectiveOption, findPlaces, loadConfig } from '../schemas/config.ts';
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
  /** The topology, also where the configuration has faults. */
  readonly graph: Graph | undefined;
  readonly faults: readonly Fault[];
}

/** What is found before anything can be checked, with a line for the docs. */
export const loadFaultIds = {
  unreadable: 'a file of the project cannot be loaded: it is not TypeScript, or it throws',
  'unknown-pipeline': 'pipeline names no file under pipelines/',
} as const;

export const CONFIG_FILE = 'pipeline.config.ts';
const PIPELINE_NAME = /^[a-z][a-z0-9-]*$/;

/**
 * Reads config and topology; a fault in one does not hide the other's. Throws only where there is no configuration file.
 */
export async function readProject(folder: string = process.cwd()): Promise<ReadProject> {
  const configFile = resolve(folder, CONFIG_FILE);
  if (!existsSync(configFile)) {
    throw new ExitError(78, `no ${CONFIG_FILE} in ${folder}: run this in the folder of the project`);
  }
  let read: Awaited<ReturnType<typeof loadConfig>>;
  try {
    read = await loadConfig(configFile, process.env);
  } catch (error) {
    return { project: undefined, graph: undefined, faults: [unreadable(error, configFile)] };
  }
  const { config, options } = read;
  const name = options.find(({ path }) => path === 'pipeline')?.value;
  // A name of another form is a fault of the configuration, told there.
  if (typeof name !== 'string' || !PIPELINE_NAME.test(name)) {
    return { project: undefined, graph: undefined, faults: read.faults };
  }
  const topologyFile = resolve(folder, 'pipelines', `${name}.ts`);
  const { graph, faults: topologyFaults } = await readTopology(topologyFile, name, configFile);
  const faults = [...read.faults, ...topologyFaults];
  if (!config || !graph) return { project: undefined, graph, faults };
  const counts = { account: config.partitions.accounts, symbol: config.partitions.symbols };
  const hash = configurationHash(config);
  const topologyUrl = pathToFileURL(topologyFile).href;
  const project = { configFile, config, options, configurationHash: hash, counts, graph, topologyUrl };
  return { project, graph, faults };
}

async function readTopology(
  file: string,
  name: string,
  configFile: string,
): Promise<{ readonly graph: Graph | undefined; readonly faults: readonly Fault[] }> {
  if (!existsSync(file)) {
    const at = findPlaces(configFile, readFileSync(configFile, 'utf8')).of(['pipeline']);
    const says = `pipeline "${name}" has no topology: ${file} does not exist`;
    return { graph: undefined, faults: [{ at, level: 'error', id: 'unknown-pipeline', says }] };
  }
  try {
    const { default: graph } = (await import(pathToFileURL(file).href)) as { readonly default?: Partial<Graph> };
    if (Array.isArray(graph?.nodes) && Array.isArray(graph.edges)) return { graph: graph as Graph, faults: [] };
    throw new Error("its default export is no topology; write: export default topology('name', ...)");
  } catch (error) {
    return { graph: undefined, faults: [unreadable(error, file)] };
  }
}

/** At the place that the error names, which may be a file that this one imports. */
function unreadable(error: unknown, file: string): Fault {
  const reason = error instanceof Error ? error.message : String(error);
  const stack = error instanceof Error ? (error.stack ?? '') : '';
  const [, url, line, column] = /(file:\/\/[^\s()]+?\.[mc]?[jt]s):(\d+)(?::(\d+))?/.exec(stack) ?? [];
  const at = url
    ? { file: fileURLToPath(url), line: Number(line), column: Number(column ?? 1) }
    : { file, line: 1, column: 1 };
  return { at, level: 'error', id: 'unreadable', says: `It cannot be loaded: ${reason}` };
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
