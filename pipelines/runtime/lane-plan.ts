/**
 * A lane is one sink with its own instances of the follower stages that feed it. It reads logs at its own pace, so a
 * slow sink slows only itself; two lanes that run the same stage say the same thing (law 2).
 */
import type { Graph, GraphEdge, SinkNode, StageNode } from './graph.ts';
import { inboxOf, nodeOf } from './graph.ts';

export interface LaneStage {
  readonly node: StageNode;
  /** The edge that feeds it. */
  readonly input: GraphEdge;
  /** The log at the beginning of its chain. */
  readonly inbox: string;
}

export interface LanePlan {
  readonly sink: SinkNode;
  /** The sink's own edges. */
  readonly inputs: readonly GraphEdge[];
  /** Stages in the order in which a record passes them. */
  readonly stages: readonly LaneStage[];
  /** Logs to read, for the sink itself or for a stage. */
  readonly logs: readonly string[];
}

export function planLane(graph: Graph, sinkId: string): LanePlan {
  const sink = nodeOf(graph, sinkId);
  if (sink?.kind !== 'sink') throw new RangeError(`"${sinkId}" is no sink of topology "${graph.id}"`);
  const inputs = graph.edges.filter((edge) => edge.to === sinkId);
  const stages: LaneStage[] = [];
  const logs = new Set<string>();
  const visit = (id: string) => {
    const node = nodeOf(graph, id);
    if (node?.kind === 'log') logs.add(id);
    if (node?.kind !== 'stage' || stages.some((stage) => stage.node.id === id)) return;
    const input = graph.edges.find((edge) => edge.to === id);
    const inbox = inboxOf(graph, id);
    if (!input || inbox === undefined) return;
    visit(input.from.node);
    stages.push({ node, input, inbox });
  };
  for (const input of inputs) visit(input.from.node);
  return { sink, inputs, stages, logs: [...logs] };
}

export function planLanes(graph: Graph): LanePlan[] {
  return graph.nodes.filter((node) => node.kind === 'sink').map((node) => planLane(graph, node.id));
}
