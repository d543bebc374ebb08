import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import spot from '../../../pipelines/spot.ts';
import { PLAIN_CONFIG, PLAIN_PROJECT, ROOT, removeProjects, sluice, temporaryProject } from './temporary-project.ts';

after(removeProjects);

async function drawn(format: string): Promise<string> {
  const { code, out, err } = await sluice(ROOT, 'graph', '--format', format);
  assert.equal(code, 0, err.join('\n'));
  return `${out.join('\n')}\n`;
}

describe('sluice graph', () => {
  it('draws the graph of the exchange as it was reviewed; npm run -s sluice -- graph > test/pipelines/spot-graph.txt', async () => {
    const reviewed = readFileSync(join(ROOT, 'test/pipelines/spot-graph.txt'), 'utf8');
    assert.equal(await drawn('text'), reviewed);
    const { out } = await sluice(ROOT, 'graph');
    assert.equal(`${out.join('\n')}\n`, reviewed, 'text is what it draws unless asked');
  });

  it('has every node and every edge in each format', async () => {
    const mermaid = await drawn('mermaid');
    assert.match(mermaid, /^flowchart LR\n/);
    const dot = await drawn('dot');
    assert.match(dot, /^digraph "spot" \{\n[\s\S]*\}\n$/);
    for (const { id } of spot.nodes) {
      assert.ok(new RegExp(`^  n_${id}\\W`, 'm').test(mermaid), `mermaid lacks ${id}`);
      assert.ok(new RegExp(`^  "${id}" \\[`, 'm').test(dot), `dot lacks ${id}`);
    }
    const port = (name: string, mark: string) => (name === '' ? '' : mark.replace('?', name));
    for (const { from, to } of spot.edges) {
      const arrow = `  n_${from.node} -->${port(from.port, '|?|')} n_${to}\n`;
      assert.ok(mermaid.includes(arrow), `mermaid lacks ${arrow}`);
      const line = `  "${from.node}" -> "${to}"${port(from.port, ' [label="?"]')};\n`;
      assert.ok(dot.includes(line), `dot lacks ${line}`);
    }
    assert.equal(mermaid.match(/-->/g)!.length, spot.edges.length);
    assert.equal(dot.match(/->/g)!.length, spot.edges.length);
  });

  it('as JSON is the object that runs: nodes with what they read and say, edges, what is dropped and why', async () => {
    const graph = JSON.parse(await drawn('json'));
    assert.equal(graph.id, 'spot');
    assert.deepEqual(
      graph.nodes.map(({ kind, id }: { kind: string; id: string }) => [kind, id]),
      spot.nodes.map(({ kind, id }) => [kind, id]),
    );
    assert.deepEqual(
      graph.edges.map(({ from, to }: { from: object; to: string }) => ({ from, to })),
      spot.edges.map(({ from, to }) => ({ from, to })),
    );
    assert.deepEqual(graph.dropped, { 'depth.delta': 'books are served from the market log' });
    const of = (id: string) => graph.nodes.find((node: { id: string }) => node.id === id);
    assert.deepEqual([of('commands').key, of('commands').partitions, of('control').partitions], ['account', 4, 1]);
    assert.deepEqual([of('risk').runs, of('risk').inbox, of('candles').runs], ['head', 'commands', 'lane']);
  });

  it('draws the partitions of the configuration', async () => {
    const folder = temporaryProject({
      ...PLAIN_PROJECT,
      'pipeline.config.ts': PLAIN_CONFIG.replace('accounts: 2', "accounts: 7, symbols: { 'BTC-USD': 'own' }"),
    });
    const { out } = await sluice(folder, 'graph');
    assert.ok(out.includes('log commands (AccountCommand) by account, 7 partitions'), out.join('\n'));
    assert.ok(out.includes('log market (MarketEvent) by symbol, 2 partitions'));
  });

  it('refuses another format', async () => {
    const { code, err } = await sluice(ROOT, 'graph', '--format', 'png');
    assert.deepEqual([code, err[0]], [2, 'sluice graph: --format: "png" given, text, mermaid, dot, json are allowed']);
  });
});

describe('sluice list', () => {
  it('lists every source, operator and sink with its ports', async () => {
    const { code, out } = await sluice(ROOT, 'list', '--format', 'json');
    assert.equal(code, 0);
    const rows = JSON.parse(out.join('\n'));
    assert.deepEqual(
      rows.map(({ kind, id }: { kind: string; id: string }) => [kind, id]),
      spot.nodes.filter(({ kind }) => kind !== 'log').map(({ kind, id }) => [kind, id]),
    );
    const match = rows.find(({ id }: { id: string }) => id === 'match');
    assert.deepEqual([match.component, Object.keys(match.ports)], ['matchOrders', ['events', 'fills']]);
    assert.deepEqual(match.ports.fills, ['execution', 'order_update', 'reference_price']);
    const text = (await sluice(ROOT, 'list')).out;
    assert.ok(text.includes('stage   match      matchOrders'));
    assert.ok(text.includes('        .fills  execution, order_update, reference_price'));
    const archive = text.findIndex((line) => line.startsWith('sink    archive'));
    assert.equal(text[archive + 1], '        reads  every record');
  });

  it('refuses another format', async () => {
    assert.equal((await sluice(ROOT, 'list', '--format', 'yaml')).code, 2);
  });
});

describe('sluice echo', () => {
  const shownBy = (out: readonly string[], path: string) =>
    out
      .find((line) => line.startsWith(`${path} `))
      ?.slice(path.length)
      .trim()
      .split(/\s{2,}/);

  it('tells each value and where it came from: file, default, environment', async () => {
    const folder = temporaryProject(PLAIN_PROJECT);
    process.env.SLUICE_LIMITS_OPEN_ORDERS = '7';
    try {
      const { code, out } = await sluice(folder, 'echo');
      assert.equal(code, 0);
      assert.deepEqual(shownBy(out, 'limits.openOrders'), ['7', 'SLUICE_LIMITS_OPEN_ORDERS']);
      assert.deepEqual(shownBy(out, 'limits.orders'), ['50/s', 'file']);
      assert.deepEqual(shownBy(out, 'admission.expiry'), ['60000000 µs', 'default']);
      assert.deepEqual(shownBy(out, 'symbols.BTC-USD.tick'), ['0.01', 'file']);
      const json = JSON.parse((await sluice(folder, 'echo', '--json')).out.join('\n'));
      const limit = json.find(({ path }: { path: string }) => path === 'limits.openOrders');
      assert.deepEqual(limit, { path: 'limits.openOrders', value: 7, from: 'SLUICE_LIMITS_OPEN_ORDERS' });
    } finally {
      delete process.env.SLUICE_LIMITS_OPEN_ORDERS;
    }
  });

  it('shows no secret', async () => {
    process.env.SLUICE_HISTORY_PASSWORD = 'correct horse';
    const folder = temporaryProject({
      ...PLAIN_PROJECT,
      'pipeline.config.ts': PLAIN_CONFIG.replace(
        "embedded('./data')",
        "embedded('./data', { history: { password: env('SLUICE_HISTORY_PASSWORD') } })",
      ).replace('{ defineConfig, embedded }', '{ defineConfig, embedded, env }'),
    });
    try {
      for (const format of [[], ['--json']]) {
        const { code, out } = await sluice(folder, 'echo', ...format);
        assert.equal(code, 0);
        assert.ok(!out.join('\n').includes('correct horse'));
      }
      const { out } = await sluice(folder, 'echo');
      assert.deepEqual(shownBy(out, 'backends.history.password'), ['***', 'SLUICE_HISTORY_PASSWORD']);
    } finally {
      delete process.env.SLUICE_HISTORY_PASSWORD;
    }
  });

  it('tells all options there are', async () => {
    const { code, out } = await sluice(ROOT, 'echo', '--options');
    assert.equal(code, 0);
    for (const path of ['symbols.<BASE-QUOTE>.tick', 'gateway.port', 'backends.dataDir', 'snapshots.every']) {
      assert.ok(out.includes(path), path);
    }
  });
});

describe('the command itself', () => {
  it('lists its verbs, refuses an unknown one by naming those there are, and ends with 2', async () => {
    const help = await sluice(ROOT, '--help');
    assert.equal(help.code, 0);
    for (const verb of [
      'run',
      'lint',
      'graph',
      'echo',
      'list',
      'status',
      'log',
      'snapshot',
      'replay',
      'ledger',
      'sql',
    ]) {
      assert.ok(
        help.out.some((line) => line.startsWith(`sluice ${verb} `)),
        verb,
      );
    }
    assert.equal((await sluice(ROOT)).code, 2);
    const unknown = await sluice(ROOT, 'start');
    assert.equal(unknown.code, 2);
    assert.match(unknown.err[0]!, /^sluice: "start" is no verb\. There are: run, lint, graph/);
    assert.equal((await sluice(ROOT, 'constructor')).code, 2);
  });
});
