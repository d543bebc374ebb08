/** The graph of the exchange, at work. */
import '@xyflow/react/dist/style.css';
import {
  BaseEdge,
  type Edge,
  EdgeLabelRenderer,
  type EdgeProps,
  getBezierPath,
  Handle,
  type Node,
  type NodeProps,
  Position,
  ReactFlow,
} from '@xyflow/react';
import { useEffect, useMemo, useState } from 'react';
import { takePaperAccount } from '../account/take-account.ts';
import { exchange } from '../exchange/the-exchange.ts';
import { delay, lasting } from '../format/instants.ts';
import { compact, grouped, perSecond } from '../format/numbers.ts';
import { Empty } from '../shell/empty.tsx';
import { useStore } from '../stores/store.ts';
import { EdgeDetails, NodeDetails } from './details.tsx';
import { backEdges, edgeName, type Graph, type GraphNode, placeGraph } from './graph-layout.ts';
import { OrderTour, tour } from './order-tour.tsx';
import { type PipelineFigures, pipeline } from './pipeline-data.ts';

const COLUMN = 150;
const ROW = 104;

type NodeData = { readonly node: GraphNode };
type EdgeData = { readonly name: string; readonly back: boolean };
type Chosen = { readonly kind: 'node' | 'edge'; readonly id: string };

const nodeTypes = { part: PartNode };
const edgeTypes = { pipe: PipeEdge };

export default function PipelinePlace() {
  const { graph, figures, failure } = useStore(pipeline);
  const { state } = useStore(exchange.session);
  const [chosen, setChosen] = useState<Chosen>();
  const signedIn = state.phase === 'signed-in';
  useEffect(() => (signedIn ? pipeline.look() : undefined), [signedIn]);
  const picture = useMemo(() => (graph ? pictureOf(graph) : undefined), [graph]);
  if (state.phase === 'nobody') {
    return (
      <main className="place">
        <Empty title="The graph is shown to who is signed in">
          <button type="button" className="link" onClick={() => void takePaperAccount()}>
            Get a paper account
          </button>{' '}
          with one click.
        </Empty>
      </main>
    );
  }
  if (!graph || !picture) {
    return (
      <main className="place">
        <Empty title={failure ? 'The graph is not to be had now' : 'The graph is coming'}>{failure}</Empty>
      </main>
    );
  }
  return (
    <main className="pipeline">
      <div className="pipeline-head">
        <Total name="orders and others, each second" value={grouped(String(figures?.commands_per_second ?? 0))} />
        <Total
          name="in flight"
          value={`${figures?.in_flight ?? 0} of ${grouped(String(figures?.in_flight_max ?? 0))}`}
        />
        <Total name="since the log began" value={grouped(String(figures?.commands ?? 0))} />
        <Total name="running for" value={lasting(figures?.uptime_ms ?? 0)} />
        <Total
          name="last snapshot"
          value={figures?.snapshot ? `${lasting(figures.snapshot.age_ms)} ago` : 'none yet'}
        />
        <button type="button" className="button" onClick={() => tour.begin()}>
          Follow one order
        </button>
        {failure ? <span className="warn">{failure}</span> : null}
      </div>
      <div className="pipeline-picture panel">
        <ReactFlow
          nodes={picture.nodes}
          edges={picture.edges}
          nodeTypes={nodeTypes}
          edgeTypes={edgeTypes}
          fitView
          fitViewOptions={{ padding: 0.04, minZoom: 0.6 }}
          minZoom={0.2}
          nodesDraggable={false}
          nodesConnectable={false}
          proOptions={{ hideAttribution: true }}
          onNodeClick={(_event, node) => setChosen({ kind: 'node', id: node.id })}
          onEdgeClick={(_event, edge) => setChosen({ kind: 'edge', id: edge.id })}
          onPaneClick={() => setChosen(undefined)}
        />
      </div>
      <aside className="pipeline-details panel scroll">
        <OrderTour />
        {chosen?.kind === 'node' ? (
          <NodeDetails key={chosen.id} graph={graph} id={chosen.id} choose={(id) => setChosen({ kind: 'edge', id })} />
        ) : chosen ? (
          <EdgeDetails key={chosen.id} name={chosen.id} />
        ) : (
          <Busiest />
        )}
      </aside>
    </main>
  );
}

function Total({ name, value }: { name: string; value: string }) {
  return (
    <div className="figure">
      <span className="muted">{name}</span>
      <strong>{value}</strong>
    </div>
  );
}

/** What is seen without a click: how far each sink is behind, and what blocks. */
function Busiest() {
  const { figures } = useStore(pipeline);
  const blocking = figures?.edges.filter(({ blocked }) => blocked > 0) ?? [];
  return (
    <div className="details">
      <h2>How far each sink is</h2>
      <table className="rows">
        <thead>
          <tr>
            <th>Sink</th>
            <th className="number">Behind</th>
            <th className="number">Records</th>
            <th className="number">p99</th>
          </tr>
        </thead>
        <tbody>
          {figures?.sinks.map(({ sink, state, lag_ms, lag_records, p99_ms }) => (
            <tr key={sink}>
              <td>
                {sink} {state === 'running' ? null : <span className="muted">{state}</span>}
              </td>
              <td className={`number ${lag_ms > 5_000 ? 'warn' : ''}`}>{delay(lag_ms)}</td>
              <td className="number">{compact(lag_records)}</td>
              <td className="number">{delay(p99_ms)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <h2>What blocks</h2>
      {blocking.length === 0 ? (
        <p className="muted">No edge makes the one before it wait.</p>
      ) : (
        <ul>
          {blocking.map(({ edge, blocked }) => (
            <li key={edge} className="warn">
              {edge} blocks: full {grouped(String(blocked))} times in the last second
            </li>
          ))}
        </ul>
      )}
      <p className="muted">A click on a box or a pipe opens it.</p>
    </div>
  );
}

function pictureOf(graph: Graph): { nodes: Node<NodeData>[]; edges: Edge<EdgeData>[] } {
  const back = backEdges(graph);
  const nodes = placeGraph(graph).map(
    ({ node, column, row }): Node<NodeData> => ({
      id: node.id,
      type: 'part',
      position: { x: column * COLUMN, y: row * ROW },
      data: { node },
      sourcePosition: Position.Right,
      targetPosition: Position.Left,
    }),
  );
  const edges = graph.edges.map((edge): Edge<EdgeData> => {
    const name = edgeName(edge);
    return { id: name, source: edge.from.node, target: edge.to, type: 'pipe', data: { name, back: back.has(name) } };
  });
  return { nodes, edges };
}

/** What a stage applies each second; of one that follows a log in lanes, what reaches it. */
function rateOf(stage: string, figures: PipelineFigures | undefined): number {
  const own = figures?.stages.filter((each) => each.stage === stage) ?? [];
  const applied = own.reduce((sum, each) => sum + each.applied_per_second, 0);
  if (applied > 0 || !figures) return applied;
  return figures.edges
    .filter(({ edge }) => edge.endsWith(` -> ${stage}`))
    .reduce((sum, edge) => sum + edge.records_per_second, 0);
}

function PartNode({ data: { node } }: NodeProps<Node<NodeData>>) {
  const { figures } = useStore(pipeline);
  const { at } = useStore(tour);
  const rate = node.kind === 'stage' ? rateOf(node.id, figures) : undefined;
  const sink = figures?.sinks.find((each) => each.sink === node.id);
  return (
    <div className={`part of-${node.kind} ${at === node.id ? 'passed' : ''}`}>
      <Handle type="target" position={Position.Left} isConnectable={false} />
      <strong>{node.id}</strong>
      <span className="muted">
        {node.kind === 'log' ? (node.key ? `log by ${node.key}` : 'log') : (node.operator ?? node.source ?? node.sink)}
      </span>
      <span>
        {rate === undefined ? null : perSecond(rate)}
        {sink ? `${delay(sink.lag_ms)} behind` : null}
      </span>
      <Handle type="source" position={Position.Right} isConnectable={false} />
    </div>
  );
}

function PipeEdge({
  id,
  sourceX,
  sourceY,
  targetX,
  targetY,
  sourcePosition,
  targetPosition,
  data,
}: EdgeProps<Edge<EdgeData>>) {
  const { figures, graph } = useStore(pipeline);
  const [path, labelX, labelY] = getBezierPath({ sourceX, sourceY, targetX, targetY, sourcePosition, targetPosition });
  const edge = figures?.edges.find((each) => each.edge === id);
  const rate = edge?.records_per_second ?? 0;
  const blocks = (edge?.blocked ?? 0) > 0;
  const width = 1 + Math.min(9, Math.log10(1 + rate) * 2);
  const target = id.split(' -> ')[1];
  const queue = graph?.nodes.find((node) => node.id === target)?.queue;
  const fill = edge && queue ? Math.min(1, edge.queued / queue.records) : 0;
  return (
    <>
      <BaseEdge
        id={id}
        path={path}
        className={`pipe ${blocks ? 'blocks' : ''} ${data?.back ? 'back' : ''} ${rate === 0 ? 'still' : ''}`}
        style={{ strokeWidth: width }}
        interactionWidth={24}
      />
      {rate > 0 || blocks ? (
        <EdgeLabelRenderer>
          <div
            className={`pipe-label ${blocks ? 'blocks' : ''}`}
            style={{ transform: `translate(-50%, -50%) translate(${labelX}px, ${labelY}px)` }}
          >
            {perSecond(rate)}
            {blocks ? ' blocks' : ''}
            {queue ? (
              <span className="gauge" title={`${edge?.queued ?? 0} of ${queue.records} records wait`}>
                <i style={{ width: `${fill * 100}%` }} />
              </span>
            ) : null}
          </div>
        </EdgeLabelRenderer>
      ) : null}
    </>
  );
}
