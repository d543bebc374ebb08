/** The graph once, and how it works each second, for as long as somebody looks. */
import { errorWords } from '../exchange/exchange.ts';
import { exchange } from '../exchange/the-exchange.ts';
import { Store } from '../stores/store.ts';
import type { Graph } from './graph-layout.ts';

export interface EdgeFigures {
  readonly edge: string;
  readonly records: number;
  readonly records_per_second: number;
  readonly queued: number;
  readonly blocked: number;
  readonly p99_ms: number | null;
}
export interface SinkFigures {
  readonly sink: string;
  readonly state: string;
  readonly lag_records: number;
  readonly lag_ms: number;
  readonly queued: number;
  readonly p50_ms: number;
  readonly p99_ms: number;
}
export interface PipelineFigures {
  readonly topology: string;
  readonly uptime_ms: number;
  readonly commands: number;
  readonly commands_per_second: number;
  readonly in_flight: number;
  readonly in_flight_max: number;
  readonly edges: readonly EdgeFigures[];
  readonly stages: readonly {
    readonly stage: string;
    readonly partition: number;
    readonly applied: number;
    readonly applied_per_second: number;
  }[];
  readonly sinks: readonly SinkFigures[];
  readonly snapshot: { readonly name: string; readonly commands: number; readonly age_ms: number } | null;
}

const LOOK_MS = 1_000;

class PipelineStore extends Store {
  graph: Graph | undefined;
  figures: PipelineFigures | undefined;
  failure: string | undefined;

  /** Looks until the answer is called. */
  look(): () => void {
    let ended = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const once = async () => {
      if (!document.hidden) await this.#ask();
      if (!ended) timer = setTimeout(() => void once(), LOOK_MS);
    };
    void once();
    return () => {
      ended = true;
      clearTimeout(timer);
    };
  }

  async #ask(): Promise<void> {
    const { rest } = exchange.client;
    if (!this.graph) {
      const graph = await rest.request<Graph>({ method: 'GET', path: '/v1/pipeline/graph' });
      if (!graph.ok) return this.#failed(errorWords(graph.error));
      this.graph = graph.value;
    }
    const answer = await rest.request<PipelineFigures>({ method: 'GET', path: '/v1/pipeline' });
    if (!answer.ok) return this.#failed(errorWords(answer.error));
    this.figures = answer.value;
    this.failure = undefined;
    this.changed();
  }

  #failed(words: string): void {
    this.failure = words;
    this.changed();
  }
}

export const pipeline = new PipelineStore();
