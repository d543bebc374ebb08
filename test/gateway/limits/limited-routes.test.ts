/** Limits as a client meets them: headers on every answer, 429 with Retry-After, cancels always, guessing paid for. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { LimiterRates } from '../../../gateway/limits/local-limiter.ts';
import { LocalLimiter } from '../../../gateway/limits/local-limiter.ts';
import { plainServer } from '../../../gateway/rest/plain-server.ts';
import { servedRoutes } from '../../../gateway/rest/rest-server.ts';
import { serveRoutes } from '../../../gateway/rest/serve-routes.ts';
import { type RunningGateway, runGateway, tokenOf } from '../running-gateway.ts';

const TRADER = 101;
const OTHER = 102;
const rate = (size: number) => ({ size, perSecond: 1 });
const classes = { read: rate(10), order: rate(20), cancel: rate(3), login: rate(3) };
const rates: LimiterRates = { key: classes, account: classes, address: classes };
const bid = { symbol: 'BTC-USD', side: 'buy', type: 'limit', price: '95.00', quantity: '0.1' };

let gateway: RunningGateway;
before(async () => {
  gateway = await runGateway(undefined, rates);
  await gateway.fund(TRADER, 'USD', '10000');
});
after(async () => {
  await gateway.stop();
});

describe('limits', () => {
  it('are told with every answer, of the bucket that it was taken from', async () => {
    const { headers } = await gateway.ask(OTHER, 'GET', '/v1/orders');
    assert.equal(headers['ratelimit-policy'], '"read";q=10');
    assert.equal(headers.ratelimit, '"read";r=5;t=5');
    const refused = await gateway.ask(OTHER, 'GET', '/v1/orders?limit=0');
    assert.deepEqual([refused.status, refused.headers.ratelimit], [400, '"read";r=0;t=10']);
  });

  it('refuse what is beyond them, say for how long, and let it through then', async () => {
    await gateway.advance(10);
    assert.equal((await gateway.ask(OTHER, 'GET', '/v1/orders')).status, 200);
    assert.equal((await gateway.ask(OTHER, 'GET', '/v1/orders')).status, 200);
    const { status, body, headers } = await gateway.ask(OTHER, 'GET', '/v1/orders');
    assert.deepEqual([status, body.code, headers['retry-after']], [429, 'rate_limited', '5']);
    await gateway.advance(4);
    assert.equal((await gateway.ask(OTHER, 'GET', '/v1/orders')).status, 429);
    await gateway.advance(1);
    assert.equal((await gateway.ask(OTHER, 'GET', '/v1/orders')).status, 200);
  });

  it('take an order of a batch for one, and never a cancel for too many', async () => {
    const orders = Array.from({ length: 11 }, (_, index) => ({ ...bid, client_order_id: `limited-${index}` }));
    const first = await gateway.ask(TRADER, 'POST', '/v1/orders/batch', { orders });
    assert.deepEqual([first.status, first.body.results.length], [200, 11]);
    const second = await gateway.ask(TRADER, 'POST', '/v1/orders/batch', { orders });
    assert.deepEqual([second.status, second.body.code], [429, 'rate_limited']);
    assert.match(second.body.message, /cancels are taken/);
    for (let index = 0; index < 11; index++) {
      const { status } = await gateway.ask(TRADER, 'DELETE', `/v1/orders/client:limited-${index}`);
      assert.equal(status, 200, String(index));
    }
  });

  it('make whoever guesses at tokens wait, by address, and nobody else', async () => {
    const ask = (token: string) =>
      gateway.app.inject({ method: 'GET', url: '/v1/balances', headers: { authorization: `Bearer ${token}` } });
    const statuses: number[] = [];
    for (let index = 0; index < 5; index++) statuses.push((await ask('wrong')).statusCode);
    assert.deepEqual(statuses, [401, 401, 401, 429, 429]);
    assert.equal((await ask(tokenOf(103))).statusCode, 200);
  });
});

describe('a gateway that is too busy', () => {
  it('sends away who only looks, and takes orders and cancels', async () => {
    const { parts } = gateway;
    const app = plainServer(parts);
    const limiter = new LocalLimiter({ clock: parts.clock });
    serveRoutes(app, { ...parts, limiter, pressure: { busy: true } }, servedRoutes());
    const headers = { authorization: `Bearer ${tokenOf(TRADER)}` };
    for (const url of ['/v1/book/BTC-USD', '/v1/orders', '/v1/balances']) {
      const response = await app.inject({ method: 'GET', url, headers });
      assert.deepEqual(
        [response.statusCode, response.json().code, response.headers['retry-after']],
        [503, 'overloaded', '1'],
      );
    }
    const placed = await app.inject({
      method: 'POST',
      url: '/v1/orders',
      headers: { ...headers, 'content-type': 'application/json' },
      payload: JSON.stringify(bid),
    });
    assert.equal(placed.statusCode, 201);
    const url = `/v1/orders/${placed.json().order_id}`;
    assert.equal((await app.inject({ method: 'DELETE', url, headers })).statusCode, 200);
    await app.close();
  });
});
