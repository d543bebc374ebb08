/** Checks of names: ids name the state, the logs and the metrics of a node, so they are written by hand and once. */
import { didYouMean } from '../../../schemas/nearest-name.ts';
import type { Graph } from '../graph.ts';
import { nodeOf } from '../graph.ts';
import type { Check } from './fault.ts';
import { portName } from './fault.ts';

const ID = /^[a-z][a-z0-9-]*$/;

export const unnamedOperator: Check = {
  id: 'unnamed-operator',
  level: 'error',
  summary: 'an id is empty or not lower case letters, digits and dashes',
  find: (graph) =>
    graph.nodes
      .filter((node) => !ID.test(node.id))
      .map((node) => ({
        at: node.at,
        level: 'error',
        id: 'unnamed-operator',
        says: `A ${node.kind} is named "${node.id}"; an id begins with a letter and has lower case letters, digits and dashes: it names the node's state`,
      })),
};

export const duplicateId: Check = {
  id: 'duplicate-id',
  level: 'error',
  summary: 'two nodes share an id',
  find: (graph) =>
    graph.nodes.flatMap((node, index) => {
      const first = graph.nodes.findIndex((other) => other.id === node.id);
      if (first === index) return [];
      const at = graph.nodes[first]!.at;
      const says = `"${node.id}" names this ${node.kind} and the ${graph.nodes[first]!.kind} of line ${at.line}: an id is the key of its state and stands once`;
      return [{ at: node.at, level: 'error' as const, id: 'duplicate-id', says }];
    }),
};

export const unknownInput: Check = {
  id: 'unknown-input',
  level: 'error',
  summary: 'an input names no port',
  find: (graph) =>
    graph.edges
      .filter((edge) => edge.records === undefined)
      .map((edge) => {
        const ports = portsOf(graph, edge.from.node);
        const names = ports.map((port) => `${edge.from.node}.${port}`);
        const hint = didYouMean(portName(edge), names);
        return {
          at: edge.at,
          level: 'error' as const,
          id: 'unknown-input',
          says: `Input "${portName(edge)}" of "${edge.to}" names no port.${hint} (${names.join(', ') || 'it has none'})`,
        };
      }),
};

export const unknownOutput: Check = {
  id: 'unknown-output',
  level: 'error',
  summary: 'a dropped output names no port',
  find: (graph) =>
    [...graph.dropped.keys()].flatMap((name) => {
      const [id, port] = name.split('.') as [string, string];
      const ports = portsOf(graph, id);
      if (ports.includes(port)) return [];
      const names = ports.map((known) => `${id}.${known}`);
      const hint = didYouMean(name, names);
      return [
        {
          at: nodeOf(graph, id)?.at ?? graph.at,
          level: 'error' as const,
          id: 'unknown-output',
          says: `Dropped output "${name}" names no port.${hint} (${names.join(', ')})`,
        },
      ];
    }),
};

export const unknownOperator: Check = {
  id: 'unknown-operator',
  level: 'error',
  summary: 'a stage, source or sink is given something that is not its definition',
  find: (graph) =>
    graph.nodes.flatMap((node) => {
      if (node.kind === 'log') return [];
      const definition = node.definition as {
        readonly name?: unknown;
        readonly create?: unknown;
        readonly open?: unknown;
      };
      const make = node.kind === 'stage' ? definition?.create : definition?.open;
      if (typeof definition?.name === 'string' && typeof make === 'function') return [];
      const wanted = node.kind === 'stage' ? 'an operator, e.g. matchOrders()' : `a ${node.kind}, made by its factory`;
      const says = `"${node.id}" is given ${describe(definition)} where ${wanted} belongs`;
      return [{ at: node.at, level: 'error' as const, id: 'unknown-operator', says }];
    }),
};

function portsOf(graph: Graph, id: string): string[] {
  const node = nodeOf(graph, id);
  return node?.kind === 'stage' || node?.kind === 'source' ? Object.keys(node.definition?.outputs ?? {}) : [];
}

function describe(value: unknown): string {
  return typeof value === 'function'
    ? 'a function that was not called'
    : value === undefined
      ? 'nothing'
      : `a ${typeof value}`;
}
