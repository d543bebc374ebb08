/** What is behind a box or a pipe of the graph. */
import { useEffect, useState } from 'react';
import { errorWords } from '../exchange/exchange.ts';
import { exchange } from '../exchange/the-exchange.ts';
import { delay, timeOfDay } from '../format/instants.ts';
import { compact, grouped } from '../format/numbers.ts';
import { useStore } from '../stores/store.ts';
import { edgeName, type Graph } from './graph-layout.ts';
import { pipeline } from './pipeline-data.ts';

interface StageAnswer {
  readonly partitions: readonly { readonly partition: number; readonly applied: number; readonly state_hash: string }[];
}
interface SampleAnswer {
  readonly records: readonly {
    readonly log: string;
    readonly partition: number;
    readonly offset: string;
    readonly time: string;
    readonly correlation_id: string;
    readonly type: string;
    readonly fields: { readonly [name: string]: unknown };
  }[];
}

const ASK_MS = 2_000;

export function NodeDetails({ graph, id, choose }: { graph: Graph; id: string; choose: (edge: string) => void }) {
  const { figures } = useStore(pipeline);
  const node = graph.nodes.find((each) => each.id === id);
  const stage = useAsked<StageAnswer>(
    node?.kind === 'stage' ? `/v1/pipeline/stages/${encodeURIComponent(id)}` : undefined,
  );
  const sink = figures?.sinks.find((each) => each.sink === id);
  if (!node) return null;
  const edges = graph.edges.filter((edge) => edge.from.node === id || edge.to === id).map(edgeName);
  return (
    <div className="details">
      <h2>
        {id} <span className="muted">{node.kind}</span>
      </h2>
      <dl className="figures">
        {node.operator ? <Row name="operator" value={node.operator} /> : null}
        {node.key ? <Row name="key" value={node.key} /> : null}
        {node.partitions ? <Row name="partitions" value={String(node.partitions)} /> : null}
        {node.queue ? (
          <Row name="queue" value={`${grouped(String(node.queue.records))} records, full: ${node.queue.full}`} />
        ) : null}
        {sink ? (
          <>
            <Row name="state" value={sink.state} />
            <Row name="behind" value={`${delay(sink.lag_ms)}, ${grouped(String(sink.lag_records))} records`} />
            <Row name="p50, p99" value={`${delay(sink.p50_ms)}, ${delay(sink.p99_ms)}`} />
            <Row name="waiting" value={grouped(String(sink.queued))} />
          </>
        ) : null}
      </dl>
      {stage.value ? (
        <table className="rows">
          <thead>
            <tr>
              <th className="number">Partition</th>
              <th className="number">Applied</th>
              <th className="number">Each second</th>
              <th>State hash</th>
            </tr>
          </thead>
          <tbody>
            {stage.value.partitions.map(({ partition, applied, state_hash }) => (
              <tr key={partition}>
                <td className="number">{partition}</td>
                <td className="number">{grouped(String(applied))}</td>
                <td className="number">
                  {compact(
                    figures?.stages.find((each) => each.stage === id && each.partition === partition)
                      ?.applied_per_second ?? 0,
                  )}
                </td>
                <td>
                  <code>{state_hash || 'follows a log'}</code>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      ) : null}
      {stage.fault ? <p className="reason">{stage.fault}</p> : null}
      <h3>Its pipes</h3>
      <ul>
        {edges.map((name) => (
          <li key={name}>
            <button type="button" className="link" onClick={() => choose(name)}>
              {name}
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}

export function EdgeDetails({ name }: { name: string }) {
  const { figures } = useStore(pipeline);
  const sample = useAsked<SampleAnswer>(`/v1/pipeline/edges?edge=${encodeURIComponent(name)}&count=10`);
  const edge = figures?.edges.find((each) => each.edge === name);
  return (
    <div className="details">
      <h2>{name}</h2>
      <dl className="figures">
        <Row name="each second" value={grouped(String(edge?.records_per_second ?? 0))} />
        <Row name="since the start" value={grouped(String(edge?.records ?? 0))} />
        <Row name="waiting" value={grouped(String(edge?.queued ?? 0))} />
        <Row name="p99" value={edge?.p99_ms == null ? 'not measured here' : delay(edge.p99_ms)} />
        <Row name="blocks" value={edge && edge.blocked > 0 ? `yes, ${edge.blocked} times` : 'no'} />
      </dl>
      <h3>Newest records</h3>
      {sample.fault ? <p className="muted">{sample.fault}</p> : null}
      {sample.value && sample.value.records.length === 0 ? <p className="muted">None was noted yet.</p> : null}
      {sample.value?.records.map(({ log, partition, offset, time, type, fields }) => (
        <details key={`${partition} ${offset} ${type}`} className="record">
          <summary>
            <span className="muted">{timeOfDay(time)}</span> <strong>{type}</strong>{' '}
            <span className="muted">
              {log}/{partition} @ {grouped(offset)}
            </span>
          </summary>
          <pre>{JSON.stringify(fields, undefined, 1)}</pre>
        </details>
      ))}
    </div>
  );
}

function Row({ name, value }: { name: string; value: string }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </>
  );
}

/** Asks now and every two seconds. */
function useAsked<T>(path: string | undefined): { readonly value?: T; readonly fault?: string } {
  const [state, setState] = useState<{ readonly value?: T; readonly fault?: string }>({});
  useEffect(() => {
    if (path === undefined) return;
    let ended = false;
    const [address, query] = path.split('?');
    const ask = async () => {
      const answer = await exchange.client.rest.request<T>({
        method: 'GET',
        path: address!,
        query: Object.fromEntries(new URLSearchParams(query ?? '')),
      });
      if (!ended) setState(answer.ok ? { value: answer.value } : { fault: errorWords(answer.error) });
    };
    void ask();
    const timer = setInterval(() => void ask(), ASK_MS);
    return () => {
      ended = true;
      clearInterval(timer);
    };
  }, [path]);
  return state;
}
