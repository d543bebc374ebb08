import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { onlyForStaff } from '../../gateway/pipeline/pipeline-routes.ts';
import type { PipelineView } from '../../gateway/ports.ts';
import { exchangeTelemetry } from '../../pipelines/exchange-telemetry.ts';
import type { ExchangeStatus } from '../../pipelines/runtime/embedded/exchange-status.ts';
import spot from '../../pipelines/spot.ts';
import { type RunningGateway, runGateway } from './running-gateway.ts';

let gateway: RunningGateway;

before(async () => {
  gateway = await runGateway();
  await gateway.fund(100, 'USD', '1000');
});
after(() => gateway.stop());

const buy = (price: string) => ({ symbol: 'BTC-USD', side: 'buy', type: 'limit', price, quantity: '0.1' });

describe('the pipeline over REST', () => {
  it('tells the graph that runs', async () => {
    const { status, body } = await gateway.ask(100, 'GET', '/v1/pipeline/graph');
    assert.equal(status, 200);
    assert.equal(body.id, 'rest');
    const edges = body.edges.map(
      ({ from, to }: { readonly from: { readonly node: string; readonly port: string }; readonly to: string }) =>
        `${from.node}.${from.port} -> ${to}`,
    );
    assert.ok(edges.includes('match.events -> market'), edges.join(', '));
  });

  it('tells what every edge of it carried', async () => {
    const records = async () => {
      const { edges, commands } = await (gateway.parts.telemetry.status() as Promise<ExchangeStatus>);
      return { commands, passed: new Map(edges.map(({ edge, records }) => [edge, records])) };
    };
    const before = await records();
    for (const price of ['100.00', '99.00'])
      assert.equal((await gateway.ask(100, 'POST', '/v1/orders', buy(price))).status, 201);
    // A look is shared for a second.
    await new Promise((resolve) => setTimeout(resolve, 1_050));
    const { body } = await gateway.ask(100, 'GET', '/v1/pipeline');
    const edge = (name: string) => body.edges.find((each: { readonly edge: string }) => each.edge === name);
    assert.equal(edge('intake.commands -> commands').records, before.passed.get('intake.commands -> commands')! + 2);
    assert.equal(edge('risk.accepted -> orders').records, before.passed.get('risk.accepted -> orders')! + 2);
    assert.equal(body.commands, before.commands + 2);
    assert.equal(edge('intake.commands -> commands').p99_ms > 0, true);
    assert.deepEqual(
      body.sinks.map(({ sink, lag_records }: { readonly sink: string; readonly lag_records: number }) => [
        sink,
        lag_records,
      ]),
      [['gateway', 0]],
    );
    const graph = (await gateway.ask(100, 'GET', '/v1/pipeline/graph')).body;
    assert.equal(body.edges.length, graph.edges.length, 'every edge of the graph is told of');
  });

  it('tells the hash of a stage as the stage has it, and what there is where there is none', async () => {
    const { body } = await gateway.ask(100, 'GET', '/v1/pipeline/stages/risk');
    const hashes = gateway.hashes();
    assert.deepEqual(
      body.partitions.map(({ partition, state_hash }: { readonly partition: number; readonly state_hash: string }) => [
        partition,
        state_hash,
      ]),
      [
        [0, hashes['risk/0']],
        [1, hashes['risk/1']],
      ],
    );
    const none = await gateway.ask(100, 'GET', '/v1/pipeline/stages/nothing');
    assert.deepEqual([none.status, none.body.code, none.body.field], [404, 'not_found', 'stage']);
    assert.match(none.body.allowed, /steer, ingest, risk, match/);
  });

  it('shows no trader what others do', async () => {
    const { status, body } = await gateway.ask(100, 'GET', '/v1/pipeline/edges?edge=match.events%20-%3E%20market');
    assert.deepEqual([status, body.code], [403, 'forbidden']);
    assert.throws(() => onlyForStaff({ roles: ['trader'] }));
    for (const role of ['analyst', 'ops', 'admin'] as const) onlyForStaff({ roles: ['trader', role] });
  });

  it('samples the newest records of an edge, newest first', async () => {
    const { telemetry } = gateway.parts;
    const placed = await gateway.ask(100, 'POST', '/v1/orders', buy('98.00'));
    const sample = await telemetry.sample('match.events -> market', 3);
    assert.equal(sample?.length, 3);
    const [newest] = sample!;
    assert.equal(newest!.record.type, 'accepted');
    assert.equal(String((newest!.record as { readonly orderId: number }).orderId), placed.body.order_id);
    assert.deepEqual(
      await telemetry.sample('risk.events -> accounts', 2).then((records) => records?.map(({ log }) => log)),
      ['accounts', 'accounts'],
    );
    assert.equal(await telemetry.sample('nowhere -> market', 3), undefined);
  });
});

describe('rates of the pipeline', () => {
  it('are what passed between two looks, and a look within a second is the one before', async () => {
    let nowMs = 10_000;
    let records = 1_000;
    let asked = 0;
    const telemetry = exchangeTelemetry({
      status: async () => {
        asked++;
        return statusWith(records);
      },
      graph: spot,
      clock: { nowMicros: () => 1, monotonicMs: () => nowMs },
    });
    const rateOf = (view: PipelineView) => view.edges.find(({ edge }) => edge === 'match.events -> market');
    assert.equal(rateOf(await telemetry.pipeline())?.recordsPerSecond, 0, 'nothing is known of before');
    nowMs += 500;
    records += 5_000;
    assert.equal(rateOf(await telemetry.pipeline())?.records, 1_000);
    nowMs += 1_500;
    const [first, second] = await Promise.all([telemetry.pipeline(), telemetry.pipeline()]);
    assert.equal(rateOf(first)?.recordsPerSecond, 2_500);
    assert.equal(first, second);
    assert.equal(asked, 2);
    assert.equal(rateOf(first)?.blocked, 7, 'since the look before');
    const ledger = first.edges.find(({ edge }) => edge === 'settle.posted -> ledger');
    assert.deepEqual([ledger?.queued, ledger?.p99Ms, ledger?.records], [3, 40, 6_000]);
  });
});

/** A status in which that many records passed from match into the market log, and to the ledger. */
function statusWith(records: number): ExchangeStatus {
  return {
    topology: 'spot',
    generation: 1,
    processId: 1,
    uptimeMs: 1,
    logTimeMicros: 1,
    commands: records,
    inFlight: 0,
    inFlightMax: 10,
    commit: 1,
    logs: [],
    stages: [],
    edges: [{ edge: 'match.events -> market', records, blocked: records === 1_000 ? 1 : 8 }],
    lanes: [
      {
        sink: 'ledger',
        positions: {},
        edges: { 'settle.posted -> ledger': records },
        figures: { lag_p50_ms: 4, lag_p99_ms: 40 },
        queued: 3,
        waits: 0,
        blocks: 1,
        timeMicros: 1,
        state: 'idle',
        lagRecords: 0,
        lagMs: 0,
      },
    ],
    snapshot: null,
    recovery: { commands: 0, fromSnapshot: 0, tookMs: 0, torn: false },
  };
}
