import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { ExchangeStatus } from '../../../pipelines/runtime/embedded/exchange-status.ts';
import {
  PLAIN_PROJECT,
  type RunningExchange,
  removeProjects,
  runExchange,
  sluice,
  started,
  temporaryProject,
} from './temporary-project.ts';

let folder: string;
let exchange: RunningExchange;

before(async () => {
  folder = temporaryProject(PLAIN_PROJECT);
  exchange = await started(folder);
});
after(async () => {
  await exchange.stop();
  removeProjects();
});

async function status(): Promise<ExchangeStatus> {
  const { code, out, err } = await sluice(folder, 'status', '--json');
  assert.equal(code, 0, err.join('\n'));
  return JSON.parse(out.join('\n'));
}

/** Records passed by each edge between two looks. */
function passed(before: ExchangeStatus, after: ExchangeStatus): { readonly [edge: string]: number } {
  const was = new Map(before.edges.map(({ edge, records }) => [edge, records]));
  return Object.fromEntries(after.edges.map(({ edge, records }) => [edge, records - (was.get(edge) ?? 0)]));
}

describe('sluice status', () => {
  it('tells what each edge, stage and log has passed, from the running exchange', async () => {
    const before = await status();
    assert.equal(before.topology, 'plain');
    assert.equal(before.processId, process.pid);
    await exchange.ask('/v1/paper-deposits', { asset: 'USD', amount: '1000' });
    for (const price of ['100.00', '99.00', '98.00']) {
      const order = { symbol: 'BTC-USD', side: 'buy', type: 'limit', price, quantity: '1' };
      assert.equal((await exchange.ask('/v1/orders', order)).status, 'open');
    }
    const after = await status();
    const edges = passed(before, after);
    assert.equal(edges['intake.commands -> commands'], 4);
    assert.equal(edges['risk.accepted -> orders'], 3);
    assert.equal(edges['intake.control -> control'], 0);
    const ticks = edges['clock.ticks -> control']!;
    // A tick goes to both commands partitions and to the one of orders, and is copied from there.
    assert.equal(edges['steer.accounts -> commands'], 2 * ticks);
    assert.equal(edges['steer.symbols -> orders'], ticks);
    const stored = Object.entries(edges).reduce(
      (sum, [edge, records]) => (/-> (commands|orders|market|accounts|control)$/.test(edge) ? sum + records : sum),
      0,
    );
    const ends = ({ logs }: ExchangeStatus) => logs.reduce((sum, { nextOffset }) => sum + nextOffset, 0);
    assert.equal(ends(after) - ends(before), stored, 'the edges into logs carried what the logs have');
    assert.equal(after.commands - before.commands, 4 + ticks);
    const applied = (stage: string, { stages }: ExchangeStatus) =>
      stages.filter((each) => each.stage === stage).reduce((sum, each) => sum + each.applied, 0);
    assert.equal(applied('match', after) - applied('match', before), 3 + ticks);
    assert.ok(after.commit > before.commit && after.inFlight === 0);
    const [lane] = after.lanes;
    assert.deepEqual([after.lanes.length, lane!.sink], [1, 'gateway']);
  });

  it('tells how far each sink is behind, which is nothing once it has caught up', async () => {
    let behind = 1;
    // A tick that is not yet durable is a record behind for a moment.
    for (let look = 0; look < 50 && behind > 0; look++) behind = (await status()).lanes[0]!.lagRecords;
    assert.equal(behind, 0);
  });

  it('as text is a page with every stage, edge and sink', async () => {
    const { code, out } = await sluice(folder, 'status');
    assert.equal(code, 0);
    const text = out.join('\n');
    assert.match(text, /^plain {2}generation 1 {2}process \d+ {2}up [\d.]+ s {2}log time 20\d\d-/);
    for (const word of [
      'STAGE',
      'EDGE',
      'steer',
      'ingest',
      'risk',
      'match',
      'risk.accepted -> orders',
      'sink gateway',
    ]) {
      assert.ok(text.includes(word), `${word}\n${text}`);
    }
  });

  it('ends with 75 where no exchange runs, and with 2 for other words', async () => {
    const idle = temporaryProject(PLAIN_PROJECT);
    const { code, err } = await sluice(idle, 'status');
    assert.equal(code, 75);
    assert.match(err[0]!, /no exchange answers on .*data: start one with npm start, or give --data/);
    assert.equal(err.at(-1), 'see infra/runbooks/75-unavailable.md');
    assert.equal((await sluice(folder, 'status', '--live')).code, 2);
  });
});

describe('a data directory with a long path', () => {
  it('is served and asked like any other', async () => {
    const project = temporaryProject(PLAIN_PROJECT);
    const deep = join(project, 'd'.repeat(120), 'data');
    const running = await started(project, '--data', deep);
    const { code, out, err } = await sluice(project, 'status', '--data', deep);
    assert.equal(code, 0, err.join('\n'));
    assert.match(out[0]!, /^plain /);
    await running.stop();
    assert.equal(existsSync(join(deep, 'sluice.sock')), false);
    assert.equal((await sluice(project, 'status', '--data', deep)).code, 75);
  });
});

describe('a data directory that is in use', () => {
  it('is refused to a second exchange, which names the process that owns it', async () => {
    const ran = await runExchange(folder);
    assert.ok('code' in ran);
    assert.equal(ran.code, 78);
    assert.match(ran.err.join('\n'), new RegExp(`data.*process ${process.pid}|${process.pid}`));
  });
});
