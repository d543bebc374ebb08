/**
 * Where the boxes of the graph stand: left to right as records flow, a log and a stage each in the column after what feeds
 * it. Made of the graph alone, so that the picture never rearranges itself.
 */
export interface GraphNode {
  readonly id: string;
  readonly kind: 'source' | 'log' | 'stage' | 'sink';
  readonly operator?: string;
  readonly source?: string;
  readonly sink?: string;
  readonly key?: string | null;
  readonly partitions?: number;
  readonly queue?: { readonly blocks: number; readonly records: number; readonly full: string };
}
export interface GraphEdge {
  readonly from: { readonly node: string; readonly port: string };
  readonly to: string;
}
export interface Graph {
  readonly id: string;
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly GraphEdge[];
}
export interface Placed {
  readonly node: GraphNode;
  readonly column: number;
  readonly row: number;
}

/** As the exchange names an edge: `match.events -> market`. */
export function edgeName({ from, to }: GraphEdge): string {
  return `${from.port ? `${from.node}.${from.port}` : from.node} -> ${to}`;
}

/** Edges that lead back: to a node that stands before them. */
export function backEdges(graph: Graph): Set<string> {
  const back = new Set<string>();
  const state = new Map<string, 'open' | 'done'>();
  const visit = (id: string) => {
    state.set(id, 'open');
    for (const edge of graph.edges) {
      if (edge.from.node !== id) continue;
      const met = state.get(edge.to);
      // What a source reads, it reads to decide what to send next: that never is the way forward.
      if (met === 'open' || kindOf(graph, edge.to) === 'source') back.add(edgeName(edge));
      else if (met === undefined) visit(edge.to);
    }
    state.set(id, 'done');
  };
  const sources = graph.nodes.filter(({ kind }) => kind === 'source');
  for (const { id } of [...sources, ...graph.nodes]) if (!state.has(id)) visit(id);
  return back;
}

export function placeGraph(graph: Graph): Placed[] {
  const back = backEdges(graph);
  const forward = graph.edges.filter((edge) => !back.has(edgeName(edge)));
  const column = new Map<string, number>(graph.nodes.map(({ id }) => [id, 0]));
  // The longest way from a source; as many rounds as there are nodes settle it, since nothing leads back.
  for (let round = 0; round < graph.nodes.length; round += 1) {
    for (const { from, to } of forward) {
      column.set(to, Math.max(column.get(to) ?? 0, (column.get(from.node) ?? 0) + 1));
    }
  }
  const last = Math.max(...column.values());
  for (const { id, kind } of graph.nodes) if (kind === 'sink') column.set(id, last);
  const rows = new Map<string, number>();
  const placed: Placed[] = [];
  for (let at = 0; at <= last; at += 1) {
    const here = graph.nodes.filter(({ id }) => column.get(id) === at);
    const wish = (node: GraphNode) => {
      const feeders = forward.filter(({ to }) => to === node.id).map(({ from }) => rows.get(from.node) ?? 0);
      return feeders.length === 0 ? 0 : feeders.reduce((sum, row) => sum + row, 0) / feeders.length;
    };
    const ordered = here
      .map((node, place) => ({ node, place, wish: wish(node) }))
      .sort((one, other) => one.wish - other.wish || one.place - other.place);
    const centre = -(ordered.length - 1) / 2;
    for (const [place, { node }] of ordered.entries()) {
      rows.set(node.id, centre + place);
      placed.push({ node, column: at, row: centre + place });
    }
  }
  return placed;
}

function kindOf(graph: Graph, id: string): GraphNode['kind'] | undefined {
  return graph.nodes.find((node) => node.id === id)?.kind;
}
