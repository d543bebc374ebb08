import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { GatewayFacts } from '../../pipelines/embedded-gateway.ts';
import { loadProject } from '../../pipelines/load-project.ts';
import { nodeDisk } from '../../pipelines/runtime/outside/node-disk.ts';
import { systemClock } from '../../pipelines/runtime/outside/system-clock.ts';
import { startExchange } from '../../pipelines/start-exchange.ts';
import type { ExitError } from '../../schemas/exit.ts';

const PROJECT = fileURLToPath(new URL('../gateway/rest-project/', import.meta.url));
const GATEWAY = new URL('../../pipelines/embedded-gateway.ts', import.meta.url).href;

const folders: string[] = [];
after(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

async function start(module: string, dataDir = mkdtempSync(join(tmpdir(), 'sluice-thread-'))) {
  folders.push(dataDir);
  const failure = Promise.withResolvers<ExitError>();
  const started = await startExchange({
    project: await loadProject(PROJECT),
    dataDir,
    disk: nodeDisk(),
    clock: systemClock(),
    hosts: { gateway: { open: module, settings: undefined } },
    say: () => {},
    fail: (error) => failure.resolve(error as ExitError),
  });
  return { ...started, dataDir, failed: failure.promise };
}

async function ask({ url, token }: GatewayFacts, method: string, path: string, body?: unknown) {
  const response = await fetch(`${url}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(15_000),
  });
  // biome-ignore lint/suspicious/noExplicitAny: a test reads the payload that it expects.
  return { status: response.status, body: (await response.json()) as any };
}

const buy = (price: string, id: string) => ({
  symbol: 'BTC-USD',
  side: 'buy',
  type: 'limit',
  price,
  quantity: '0.1',
  client_order_id: id,
});

describe('the gateway in the thread of its lane', () => {
  it('answers orders, cancels of nothing, and questions about the exchange, from its own reading of the log', async () => {
    const exchange = await start(GATEWAY);
    const gateway = (await exchange.exchange.hostOpen('gateway')) as GatewayFacts;
    assert.equal((await ask(gateway, 'POST', '/v1/paper-deposits', { asset: 'USD', amount: '1000' })).status, 201);
    const placed = await Promise.all(
      Array.from({ length: 20 }, (_, index) => ask(gateway, 'POST', '/v1/orders', buy('100.00', `o-${index}`))),
    );
    assert.deepEqual([...new Set(placed.map(({ status }) => status))], [201]);
    const ids = placed.map(({ body }) => body.order_id);
    assert.equal(new Set(ids).size, 20);
    const listed = await ask(gateway, 'GET', '/v1/orders');
    assert.deepEqual(
      listed.body.orders.map(({ order_id }: { readonly order_id: string }) => order_id).sort(),
      [...ids].sort(),
      'whoever was answered is in the views',
    );
    assert.equal((await ask(gateway, 'DELETE', '/v1/orders')).body.cancelled, 20);
    assert.equal((await ask(gateway, 'DELETE', '/v1/orders')).body.cancelled, 0);
    const stage = await ask(gateway, 'GET', '/v1/pipeline/stages/risk');
    assert.deepEqual(
      stage.body.partitions.map(({ state_hash }: { readonly state_hash: string }) => /^[0-9a-f]{32}$/.test(state_hash)),
      [true, true],
    );
    await exchange.stop();
  });

  it('answers what is under way before a stop closes it, and nothing that was answered is missing after', async () => {
    const first = await start(GATEWAY);
    const gateway = (await first.exchange.hostOpen('gateway')) as GatewayFacts;
    await ask(gateway, 'POST', '/v1/paper-deposits', { asset: 'USD', amount: '50000' });
    const asked = Array.from({ length: 60 }, (_, index) =>
      ask(gateway, 'POST', '/v1/orders', buy('100.00', `s-${index}`)).catch(() => undefined),
    );
    await asked[0];
    await first.stop();
    const acknowledged = (await Promise.all(asked)).flatMap((answer, index) =>
      answer?.status === 201 ? [`s-${index}`] : [],
    );
    assert.ok(acknowledged.length > 0);
    const second = await start(GATEWAY, first.dataDir);
    const again = (await second.exchange.hostOpen('gateway')) as GatewayFacts;
    const { body } = await ask(again, 'GET', '/v1/orders?limit=100');
    const open = new Set(
      body.orders.map(({ client_order_id }: { readonly client_order_id: string }) => client_order_id),
    );
    assert.deepEqual(
      acknowledged.filter((id) => !open.has(id)),
      [],
    );
    await second.stop();
  });

  it('ends the exchange by its bugs, and says which thread it was and what', async () => {
    const exchange = await start(new URL('./hosts/failing-host.ts', import.meta.url).href);
    assert.equal(await exchange.exchange.hostOpen('gateway'), 'up');
    const error = await exchange.failed;
    assert.equal(error.code, 70);
    assert.match(error.message, /^sink "gateway": TypeError: a bug in the gateway/);
    await exchange.stop();
  });

  it('is refused, with the setting, where another one listens already', async () => {
    const exchange = await start(GATEWAY);
    const gateway = (await exchange.exchange.hostOpen('gateway')) as GatewayFacts;
    process.env.SLUICE_GATEWAY_PORT = new URL(gateway.url).port;
    const other = await start(GATEWAY);
    delete process.env.SLUICE_GATEWAY_PORT;
    await assert.rejects(other.exchange.hostOpen('gateway'), /gateway\.port: \d+ is in use on 127\.0\.0\.1/);
    assert.equal((await other.failed).code, 78);
    await other.stop();
    await exchange.stop();
  });
});
