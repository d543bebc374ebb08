import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { checkGraph, GRAPH_CHECKS } from '../../pipelines/runtime/checks/check-graph.ts';
import { type Graph, type Port, type TopologyBuilder, topology } from '../../pipelines/runtime/graph.ts';
import type { AnyRecord } from '../../schemas/generated/records.ts';
import { MarketEvent, OrderCommand } from '../../schemas/logs.ts';
import { forgetting, silent, swallowing } from './graph-parts.ts';

/** A graph without a fault, and then whatever `also` adds. */
function small(
  also: (builder: TopologyBuilder, market: Port<AnyRecord>, events: Port<AnyRecord>) => void = () => {},
): Graph {
  return topology('small', (builder) => {
    const { log, source, stage, sink } = builder;
    const orders = log('orders', OrderCommand, { key: 'symbol' });
    const market = log('market', MarketEvent, { key: 'symbol' });
    const clock = source('clock', silent({ ticks: ['tick'] }));
    const match = stage('match', forgetting('match', ['tick', 'admitted_place'], { events: ['trade', 'tick'] }), {
      in: orders,
    });
    orders.takes(clock.ticks);
    market.takes(match.events);
    sink('history', swallowing(['trade']), { in: [market] });
    also(builder, market, match.events);
  });
}

const faulty: { readonly [id: string]: { readonly graph: Graph; readonly says: RegExp } } = {
  'unknown-input': {
    graph: small(({ stage, sink }, market) => {
      const view = stage('view', forgetting('view', ['trade'], { seen: ['trade'] }), { in: market });
      sink('extra', swallowing(['trade']), { in: [(view as unknown as { sen: Port<AnyRecord> }).sen, view.seen] });
    }),
    says: /"view\.sen" of "extra" names no port\. Did you mean "view\.seen"\? \(view\.seen\)/,
  },
  'unknown-output': {
    graph: small(({ stage }, market) => {
      stage('view', forgetting('view', ['trade'], { seen: ['trade'] }), {
        in: market,
        drop: { seem: 'unused' } as never,
      });
    }),
    says: /"view\.seem" names no port\. Did you mean "view\.seen"/,
  },
  'unknown-operator': {
    graph: small(({ stage }, market) => {
      stage('view', (() => undefined) as never, { in: market as never });
    }),
    says: /"view" is given a function that was not called where an operator/,
  },
  'duplicate-id': {
    graph: small(({ sink }, market) => sink('history', swallowing(['trade']), { in: [market] })),
    says: /"history" names this sink and the sink of line \d+/,
  },
  'unnamed-operator': {
    graph: small(({ sink }, market) => sink('', swallowing(['trade']), { in: [market] })),
    says: /A sink is named ""/,
  },
  'type-mismatch': {
    graph: small(({ sink }, market) => sink('cards', swallowing(['key_revocation']), { in: [market] })),
    says: /"market" \(.*trade.*\) cannot feed "cards", which takes swallowed \(key_revocation\)/,
  },
  'unlogged-output': {
    graph: small(({ sink }, _market, events) => sink('eager', swallowing(['trade']), { in: [events] })),
    says: /"eager" reads "match\.events" before it is durable: read the log "market" instead/,
  },
  cycle: {
    graph: topology('round', ({ stage }) => {
      const first = { node: 'second', port: 'out', records: MarketEvent } as unknown as Port<AnyRecord>;
      const one = stage('first', forgetting('first', ['trade'], { out: ['trade'] }), { in: first as never });
      stage('second', forgetting('second', ['trade'], { out: ['trade'] }), { in: one.out });
    }),
    says: /first -> second -> first closes without a log on it/,
  },
  'two-inboxes': {
    graph: topology('two', ({ log, stage }) => {
      const orders = log('orders', OrderCommand, { key: 'symbol' });
      const market = log('market', MarketEvent, { key: 'symbol' });
      stage('greedy', forgetting('greedy', ['tick'], {}), { in: orders });
      stage('greedy', forgetting('greedy', ['tick'], {}), { in: market });
    }),
    says: /"greedy" reads "orders" and "market": a stage has one ordered inbox \(law 1\)/,
  },
  'undeclared-rekey': {
    graph: small(({ log, stage }, market) => {
      const all = log('all', MarketEvent);
      const view = stage('view', forgetting('view', ['trade'], { seen: ['trade'] }), { in: market });
      all.takes(view.seen);
    }),
    says: /"view\.seen" is kept by symbol; "all" declares no key/,
  },
  'partition-drift': {
    graph: small(({ log, stage, sink }) => {
      const loose = log('loose', MarketEvent);
      const view = stage('view', forgetting('view', ['trade'], { seen: ['trade'] }), { in: loose });
      sink('board', swallowing(['trade']), { in: [view.seen] });
    }),
    says: /"board" reads "view\.seen", which comes from "loose" without a key/,
  },
  'unbounded-edge': {
    graph: small(({ sink }, market) =>
      sink('deep', swallowing(['trade']), { in: [market], queue: { blocks: Number.POSITIVE_INFINITY } }),
    ),
    says: /Queue of "deep" has blocks: Infinity/,
  },
  'drop-on-private': {
    graph: small(({ sink }, market) =>
      sink('lossy', swallowing(['trade']), { in: [market], queue: { full: 'conflate' } }),
    ),
    says: /Queue of "lossy" would conflate .*trade/,
  },
  'unconsumed-errors': {
    graph: small(({ stage }, market) => {
      stage('view', forgetting('view', ['trade'], { rejected: ['rejected'] }), { in: market });
    }),
    says: /Output "view\.rejected" has no consumer \(wire it, or drop: \{ rejected: 'reason' \}\)/,
  },
  'no-consumer': {
    graph: small(({ stage }, market) => {
      stage('view', forgetting('view', ['trade'], { seen: ['trade'] }), { in: market });
    }),
    says: /Output "view\.seen" has no consumer/,
  },
  'no-input': {
    graph: small(({ log }) => {
      log('lonely', MarketEvent, { key: 'symbol' });
    }),
    says: /Nothing feeds the log "lonely"/,
  },
};

describe('checks of a graph', () => {
  it('finds nothing in a graph without a fault', () => {
    assert.deepEqual(checkGraph(small()), []);
  });

  for (const check of GRAPH_CHECKS) {
    it(`has a graph that triggers ${check.id}, and says where and what`, () => {
      const trial = faulty[check.id];
      assert.ok(trial, `no graph here triggers ${check.id}`);
      const fault = checkGraph(trial.graph).find(({ id }) => id === check.id);
      assert.ok(fault, `${check.id} was not found`);
      assert.match(fault.says, trial.says);
      assert.equal(fault.level, check.level);
      assert.match(fault.at.file, /checks\.test\.ts$/);
      assert.ok(fault.at.line > 0 && fault.at.column > 0);
    });
  }

  it('tests no rule that is not run', () => {
    const known = GRAPH_CHECKS.map(({ id }) => id);
    assert.deepEqual(
      Object.keys(faulty).filter((id) => !known.includes(id)),
      [],
    );
  });

  it('shows all faults at once, in the order of the file', () => {
    const faults = checkGraph(
      small(({ sink, log }, market) => {
        sink('cards', swallowing(['key_revocation']), { in: [market] });
        sink('lossy', swallowing(['trade']), { in: [market], queue: { full: 'conflate' } });
        log('lonely', MarketEvent, { key: 'symbol' });
      }),
    );
    assert.deepEqual(
      faults.map(({ id }) => id),
      ['type-mismatch', 'drop-on-private', 'no-input'],
    );
  });

  it('a drop with a reason silences a port that nobody reads', () => {
    const graph = small(({ stage }, market) => {
      stage('view', forgetting('view', ['trade'], { seen: ['trade'] }), {
        in: market,
        drop: { seen: 'kept for later' },
      });
    });
    assert.deepEqual(checkGraph(graph), []);
  });

  it('wiring a trade into an order port does not compile', () => {
    topology('typed', ({ log, source, stage }) => {
      const orders = log('orders', OrderCommand, { key: 'symbol' });
      const market = log('market', MarketEvent, { key: 'symbol' });
      const trades = source('trades', silent({ trades: ['trade'] }));
      // @ts-expect-error a trade is no order
      orders.takes(trades.trades);
      market.takes(trades.trades);
      const match = forgetting('match', ['admitted_place'], {});
      // @ts-expect-error the market log offers no admitted order
      stage('match', match, { in: market });
      stage('match', match, { in: orders });
    });
  });
});
