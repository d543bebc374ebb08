/**
 * What a start does with a configuration that is not the log's: it appends what is new and says at which offset, or
 * refuses, with the way out, and leaves the log as it is.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import {
  PLAIN_CONFIG,
  PLAIN_PROJECT,
  type Ran,
  removeProjects,
  runExchange,
  sluice,
  started,
  temporaryProject,
} from './temporary-project.ts';

let folder: string;

before(async () => {
  folder = temporaryProject(PLAIN_PROJECT);
  const exchange = await started(folder);
  await exchange.ask('/v1/paper-deposits', { asset: 'USD', amount: '100000' });
  await exchange.ask('/v1/paper-deposits', { asset: 'BTC', amount: '10' });
  await exchange.stop();
});
after(removeProjects);

/** The project of the configuration set last: a folder of its own, since a module is loaded once in a process. */
let current = '';

/** The plain configuration with these changes. */
function configure(...changes: readonly (readonly [from: string, to: string])[]): void {
  let text = PLAIN_CONFIG;
  for (const [from, to] of changes) {
    assert.ok(text.includes(from), from);
    text = text.replace(from, to);
  }
  current = temporaryProject({ ...PLAIN_PROJECT, 'pipeline.config.ts': text });
}

/** A start on the data of the first project with the configuration set last. */
const start = () => runExchange(current, '--data', `${folder}/data`);
const verified = async () => {
  const { code, out } = await sluice(current, 'replay', '--verify', '--json', '--data', `${folder}/data`);
  assert.equal(code, 0);
  return JSON.parse(out.join('\n'));
};

async function refused(...says: RegExp[]): Promise<Ran> {
  const before = await verified();
  const ran = await start();
  assert.ok('code' in ran, 'it started');
  assert.equal(ran.code, 78, ran.err.join('\n'));
  const text = ran.err.join('\n');
  for (const pattern of says) assert.match(text, pattern);
  assert.equal(ran.err.at(-1), 'see infra/runbooks/78-configuration-refused.md');
  const { tookMs: _, ...same } = await verified();
  const { tookMs: __, ...was } = before;
  assert.deepEqual(same, was, 'the log was touched');
  return ran;
}

async function takes(...says: RegExp[]): Promise<void> {
  const running = await start();
  assert.ok(!('code' in running), 'code' in running ? running.err.join('\n') : '');
  const { err } = await running.stop();
  for (const pattern of says) assert.match(err.join('\n'), pattern);
}

describe('a start with another configuration', () => {
  it('that says the same appends nothing', async () => {
    configure();
    const running = await start();
    assert.ok(!('code' in running));
    const { err } = await running.stop();
    assert.ok(!err.some((line) => line.startsWith('configuration:')), err.join('\n'));
    assert.match(err[0]!, /^recovered 0 commands after the [\d,]+ of the snapshot/);
  });

  it('appends a new symbol with its assets, and says at which offset each took effect', async () => {
    configure(
      ['    BTC: { decimals: 9, show: 8 },', '    BTC: { decimals: 9, show: 8 },\n    ETH: { decimals: 8, show: 6 },'],
      [
        "fees: 'standard' },\n  },",
        "fees: 'standard' },\n    'ETH-USD': { tick: '0.05', lot: '0.0001', fees: 'standard' },\n  },",
      ],
    );
    const running = await start();
    assert.ok(!('code' in running));
    const { symbols } = await running.ask('/v1/symbols');
    assert.deepEqual(
      symbols.map(({ symbol, tick, state }: { [field: string]: string }) => [symbol, tick, state]),
      [
        ['BTC-USD', '0.01', 'trading'],
        ['ETH-USD', '0.05', 'trading'],
      ],
    );
    const { err } = await running.stop();
    const told = err.filter((line) => line.startsWith('configuration:'));
    assert.match(told[0]!, /^configuration: asset_config took effect at control offset \d+$/);
    assert.match(told[1]!, /^configuration: symbol_config took effect at control offset \d+$/);
    assert.equal(told.length, 2);
  });

  it('warns of what the file no longer names; it stays as it is', async () => {
    configure();
    const running = await start();
    assert.ok(!('code' in running));
    assert.equal((await running.ask('/v1/symbols')).symbols.length, 2);
    const { err } = await running.stop();
    assert.ok(
      err.includes(
        'warning: symbols.ETH-USD is in the log and no longer in the file: it stays as it is; an admin order ends its trading',
      ),
      err.join('\n'),
    );
  });

  it('appends a new version of fees, and new limits', async () => {
    configure(["version: 1, maker: '10 bps'", "version: 2, maker: '5 bps'"]);
    await takes(/configuration: fee_config took effect at control offset \d+/);
    configure(["version: 1, maker: '10 bps'", "version: 2, maker: '5 bps'"], ['openOrders: 200', 'openOrders: 3']);
    await takes(/configuration: limit_config took effect at control offset \d+/);
  });

  const NEW_FEES = ["version: 1, maker: '10 bps'", "version: 2, maker: '5 bps'"] as const;

  it('refuses a rate that changed under its old version, or a version that went back', async () => {
    configure(["version: 1, maker: '10 bps', taker: '15 bps'", "version: 2, maker: '5 bps', taker: '14 bps'"]);
    await refused(
      /pipeline\.config\.ts\(\d+,\d+\) +error fees-unversioned +fees\.standard: version 2 is in the log with maker 5 bps, taker 15 bps in quote; version 2 with maker 5 bps, taker 14 bps/,
      /Raise the version to 3: open orders keep the one they were placed under/,
    );
    configure();
    await refused(/fees-unversioned +fees\.standard: version 2 is in the log.*Raise the version to 3/);
  });

  it('refuses another tick or lot, and names what else can be done', async () => {
    configure(NEW_FEES, ["tick: '0.01'", "tick: '0.1'"]);
    await refused(
      /error rules-changed +BTC-USD: its tick is 0\.01 in the log, 0\.1 is asked for: orders and trades of the past would change their meaning/,
      /Set it back, declare a new symbol, or begin with an empty data directory/,
    );
    configure(NEW_FEES, ["lot: '0.00001'", "lot: '0.0001'"]);
    await refused(/error rules-changed +BTC-USD: its lot is 0\.00001 in the log, 0\.0001 is asked for/);
  });

  it('refuses other decimals of an asset', async () => {
    configure(NEW_FEES, ['USD: { decimals: 7', 'USD: { decimals: 8']);
    await refused(
      /error decimals-changed +USD is counted with 7 decimals in the log, 8 are asked for: every balance would change its meaning/,
      /Set it back to 7, declare an asset of another name, or begin with an empty data directory/,
    );
  });

  it('refuses another number of account partitions', async () => {
    configure(NEW_FEES, ['accounts: 2', 'accounts: 3']);
    await refused(/partition/);
  });

  it('shows all refusals at once', async () => {
    configure(
      NEW_FEES,
      ["tick: '0.01'", "tick: '0.1'"],
      ['USD: { decimals: 7', 'USD: { decimals: 8'],
      ["taker: '15 bps'", "taker: '1 bps'"],
    );
    const { err } = await refused(/decimals-changed/, /rules-changed/, /fees-unversioned/);
    assert.ok(err.some((line) => /^\d+ errors, \d+ warnings?$/.test(line)));
  });
});

describe('a configuration that changes between a kill and a restart', () => {
  it('does not change what was: the replay is equal, open orders keep their fees, new ones have the new', async () => {
    const data = temporaryProject(PLAIN_PROJECT);
    const child = spawn(
      process.execPath,
      [fileURLToPath(new URL('../../../pipelines/commands/sluice.ts', import.meta.url)), 'run'],
      { cwd: data, stdio: ['ignore', 'pipe', 'inherit'] },
    );
    const lines: string[] = [];
    for await (const line of createInterface({ input: child.stdout! })) {
      lines.push(line);
      if (line.startsWith('Ctrl-C')) break;
    }
    const [, url] = /^exchange +(\S+)\/v1\/symbols/m.exec(lines.join('\n'))!;
    const [, token] = /^token +(\S+)/m.exec(lines.join('\n'))!;
    const ask = async (path: string, body: object) => {
      const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
      const response = await fetch(`${url}${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
      return response.json() as Promise<{ [field: string]: string }>;
    };
    await ask('/v1/paper-deposits', { asset: 'USD', amount: '100000' });
    const order = { symbol: 'BTC-USD', side: 'buy', type: 'limit', price: '100.00', quantity: '2' };
    const open = await ask('/v1/orders', order);
    assert.equal(open.status, 'open');
    child.kill('SIGKILL');
    await once(child, 'exit');

    const dearer = temporaryProject({
      ...PLAIN_PROJECT,
      'pipeline.config.ts': PLAIN_CONFIG.replace(
        "version: 1, maker: '10 bps', taker: '15 bps'",
        "version: 2, maker: '100 bps', taker: '150 bps'",
      ).replace('openOrders: 200', 'openOrders: 2'),
    });
    const at = ['--data', `${data}/data`];
    const before = await sluice(dearer, 'replay', '--verify', '--json', ...at);
    assert.equal(before.code, 0, before.err.join('\n'));

    const running = await started(dearer, ...at);
    assert.equal(running.err.filter((line) => line.startsWith('configuration:')).length, 2);
    const hold = async () =>
      (await running.ask('/v1/balances')).balances.find(({ asset }: { asset: string }) => asset === 'USD').hold;
    assert.equal(await hold(), '200.3', 'the open order holds what it held: 200 and 15 basis points');
    const dear = await running.ask('/v1/orders', { ...order, price: '99.00', quantity: '1' });
    assert.equal(dear.status, 'open');
    assert.equal(await hold(), String(200.3 + 99 + 1.485));
    const third = await running.ask('/v1/orders', { ...order, price: '98.00' });
    assert.equal(third.code, 'too_many_open_orders');
    assert.equal((await running.stop()).code, 0);

    const after = await sluice(dearer, 'replay', '--verify', '--json', ...at);
    assert.equal(after.code, 0, after.err.join('\n'));
    const fromSnapshot = await sluice(dearer, 'replay', '--verify', '--json', '--from', 'snapshot', ...at);
    assert.deepEqual(JSON.parse(fromSnapshot.out[0]!).hashes, JSON.parse(after.out[0]!).hashes);
  });
});
