import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Head } from '../../pipelines/runtime/embedded/head.ts';
import { HeadRunner } from '../../pipelines/runtime/embedded/head-runner.ts';
import type { Graph } from '../../pipelines/runtime/graph.ts';
import { systemClock } from '../../pipelines/runtime/outside/system-clock.ts';
import spot from '../../pipelines/spot.ts';
import { HashingStore, type HeadStep, newHead, runStep, simulatedSteps } from './head-in-memory.ts';

let steps: HeadStep[];
let whole: { readonly digest: string; readonly hashes: string[] };

before(() => {
  steps = simulatedSteps(1);
  whole = runWhole(steps);
});

function runWhole(inputs: readonly HeadStep[]): { digest: string; hashes: string[] } {
  const store = new HashingStore();
  const head = newHead(store);
  for (const step of inputs) runStep(head, step);
  head.checkInvariants();
  return { digest: store.digest(), hashes: hashesOf(head) };
}

function hashesOf(head: Head): string[] {
  return head.inboxes.flatMap(({ instances }) =>
    instances.map(({ stage, partition, operator }) => `${stage}/${partition} ${operator.stateHash()}`),
  );
}

/** The same inputs through the runner, offered in pieces of the given sizes, in turn. */
async function runCut(
  inputs: readonly HeadStep[],
  sizes: readonly number[],
): Promise<{ digest: string; hashes: string[] }> {
  const store = new HashingStore();
  const head = newHead(store);
  let durable: (commands: number) => void = () => {};
  let ran = 0;
  const journal = {
    publish: () => {
      const commands = head.commands;
      setImmediate(() => durable(commands));
    },
    onDurable: (listener: (commands: number) => void) => {
      durable = listener;
    },
  };
  const runner = new HeadRunner(head, journal, systemClock(), assert.ifError);
  for (let at = 0; at < inputs.length; ) {
    const size = sizes[ran++ % sizes.length]!;
    const { source, port } = inputs[at]!;
    let end = at;
    while (end < inputs.length && end - at < size && inputs[end]!.source === source && inputs[end]!.port === port)
      end++;
    const piece = inputs.slice(at, end).map(({ record, stampedMicros }) => ({ record, stampedMicros }));
    while (!runner.feedOf(source).offer(port, piece)) await runner.feedOf(source).room();
    at = end;
  }
  await runner.drained();
  return { digest: store.digest(), hashes: hashesOf(head) };
}

describe('the head of the spot exchange', () => {
  it('makes trades of an hour of simulated market', () => {
    const head = newHead(new HashingStore());
    const types = new Map<string, number>();
    for (const step of steps) {
      for (const { record } of runStep(head, step)) types.set(record.type, (types.get(record.type) ?? 0) + 1);
    }
    for (const type of ['trade', 'fill', 'hold', 'release', 'accepted', 'cancelled', 'checkpoint', 'reference_price']) {
      assert.ok((types.get(type) ?? 0) > 0, `there was no ${type}`);
    }
  });

  it('gives the same bytes however its inputs are cut into batches', async () => {
    for (const sizes of [[1], [7, 1, 64, 3], [100_000]]) assert.deepEqual(await runCut(steps, sizes), whole);
  });

  it('gives the same bytes in another time zone, another locale and with a smaller heap', () => {
    const script = fileURLToPath(new URL('./hash-of-an-hour.ts', import.meta.url));
    const environments = [
      { TZ: 'Asia/Kathmandu', LC_ALL: 'tr_TR.UTF-8' },
      { TZ: 'America/St_Johns', LC_ALL: 'C', NODE_OPTIONS: '--max-old-space-size=200' },
    ];
    for (const environment of environments) {
      const digest = execFileSync(process.execPath, [script], {
        env: { ...process.env, ...environment },
        encoding: 'utf8',
      });
      assert.equal(digest.trim(), whole.digest);
    }
  });

  it('goes on from a snapshot as if it had never stopped, wherever that was taken', () => {
    for (const share of [0.1, 0.5, 0.93]) {
      const cut = Math.floor(steps.length * share);
      const first = newHead(new HashingStore());
      for (const step of steps.slice(0, cut)) runStep(first, step);
      const second = newHead(new HashingStore());
      second.restore(first.snapshot());
      for (const step of steps.slice(cut)) assert.deepEqual(runStep(second, step), runStep(first, step));
      assert.deepEqual(hashesOf(second), whole.hashes);
    }
  });

  it('equal states give equal snapshots, whatever way led there', () => {
    const straight = newHead(new HashingStore());
    for (const step of steps) runStep(straight, step);
    const restored = newHead(new HashingStore());
    restored.restore(straight.snapshot());
    assert.deepEqual(restored.snapshot(), straight.snapshot());
  });
});

describe('who listens to the head', () => {
  it('hears every record in the order of its log, also where inputs are run ahead between those that wait', async () => {
    const head = newHead(new HashingStore());
    let durable: (commands: number) => void = () => {};
    const journal = {
      publish: () => {
        const commands = head.commands;
        setImmediate(() => durable(commands));
      },
      onDurable: (listener: (commands: number) => void) => {
        durable = listener;
      },
    };
    const runner = new HeadRunner(head, journal, systemClock(), assert.ifError);
    const next = new Map<string, number>();
    let heard = 0;
    runner.hear(['market', 'accounts', 'commands', 'orders', 'control'], (batch) => {
      for (const { log, partition, offset } of batch) {
        assert.equal(offset, next.get(`${log}/${partition}`) ?? 0, `${log}/${partition}`);
        next.set(`${log}/${partition}`, offset + 1);
        heard++;
      }
    });
    for (const [index, { source, port, record, stampedMicros }] of steps.slice(0, 600).entries()) {
      if (index % 7 === 3) runner.feedOf(source).offer(port, [{ record, stampedMicros }]);
      else runner.runNow(source, port, { record, stampedMicros });
      if (index % 50 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    runner.publishNow();
    await runner.drained();
    assert.ok(heard > 600);
  });
});

describe('the drawn graph is the machine', () => {
  /** Stages that a wire's removal must leave without a record: the one it fed, and what only that one feeds. */
  const cases: readonly { readonly without: string; readonly starved: readonly string[] }[] = [
    { without: 'commands -> ingest', starved: ['ingest', 'match', 'risk'] },
    { without: 'ingest.admitted -> risk', starved: ['risk'] },
    { without: 'orders -> match', starved: ['match'] },
    { without: 'control -> steer', starved: ['steer'] },
  ];

  for (const { without, starved } of cases) {
    it(`without ${without}, ${starved[0]} gets nothing`, () => {
      const name = (edge: Graph['edges'][number]) =>
        `${edge.from.port ? `${edge.from.node}.${edge.from.port}` : edge.from.node} -> ${edge.to}`;
      const graph: Graph = { ...spot, edges: spot.edges.filter((edge) => name(edge) !== without) };
      assert.equal(graph.edges.length, spot.edges.length - 1);
      const head = newHead(new HashingStore(), graph);
      for (const step of steps.slice(0, 2000)) runStep(head, step);
      const applied = new Map<string, number>();
      for (const { instances } of head.inboxes) {
        for (const { stage, applied: count } of instances) applied.set(stage, (applied.get(stage) ?? 0) + count);
      }
      assert.equal(applied.get(starved[0]!) ?? 0, 0);
      for (const stage of ['ingest', 'risk', 'match', 'steer']) {
        if (!starved.includes(stage) && stage !== 'match')
          assert.ok((applied.get(stage) ?? 0) > 0, `${stage} got nothing`);
      }
      assert.equal(head.edges.get(without)?.records ?? 0, 0);
    });
  }

  it('counts on each edge what passed it, and nothing elsewhere', () => {
    const head = newHead(new HashingStore());
    let stored = 0;
    for (const step of steps.slice(0, 2000)) stored += runStep(head, step).length;
    const intoLogs = [...head.edges.values()].filter(({ number }) => number > 0);
    assert.equal(
      intoLogs.reduce((sum, { records }) => sum + records, 0),
      stored,
    );
    for (const { instances, readers } of head.inboxes) {
      assert.equal(readers.length, 1);
      for (const instance of instances) assert.ok(instance.applied > 0, `${instance.stage} was fed`);
    }
  });
});
