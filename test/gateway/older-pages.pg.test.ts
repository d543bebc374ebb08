/**
 * What memory no longer has, from the stores behind it: the real PostgreSQL and the real ClickHouse. Pages that run from
 * memory into history have no gap and nothing twice, and say the same of an item wherever it comes from.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { ownLedger } from '../../gateway/rest/own-ledger.ts';
import { ledgerRoutes } from '../../gateway/rest/routes/ledger.ts';
import { type RunningGateway, runGateway } from './running-gateway.ts';

const TRADER = 101;
const MAKER = 102;
/** More than the views keep of the orders and fills of an account, and of the trades of a symbol. */
const TRADES = 1_150;
const ENDED_WITHOUT_TRADE = 70;

let gateway: RunningGateway;
/** Orders of the trader as they were answered, and as they were at their end. */
const orders = new Map<string, { readonly [field: string]: unknown }>();
let firstCandles: readonly unknown[];

before(async () => {
  gateway = await runGateway(undefined, undefined, fileURLToPath(new URL('./stores-project/', import.meta.url)));
  await gateway.fund(TRADER, 'USD', '100000');
  await gateway.fund(MAKER, 'BTC', '1000');
  const sell = { symbol: 'BTC-USD', side: 'sell', type: 'limit', price: '100.00', quantity: '100' };
  await gateway.ask(MAKER, 'POST', '/v1/orders', sell);
  await gateway.ask(MAKER, 'POST', '/v1/orders', { ...sell, price: '100.05' });
  const buy = { symbol: 'BTC-USD', side: 'buy', type: 'limit', quantity: '0.1' };
  const batch = async (list: readonly object[]) => {
    const { body } = await gateway.ask(TRADER, 'POST', '/v1/orders/batch', { orders: list });
    for (const { order } of body.results) {
      const { sequence: _, duplicate: __, ...told } = order;
      orders.set(told.order_id, told);
    }
  };
  for (let index = 0; index < TRADES; index += 10) {
    await batch(
      Array.from({ length: 10 }, (_, at) => ({ ...buy, price: '100.10', client_order_id: `t-${index + at}` })),
    );
    if (index % 100 === 0) await gateway.advance(1);
  }
  const until = '2026-03-01T03:00:00Z';
  for (let index = 0; index < ENDED_WITHOUT_TRADE; index++) {
    await batch([{ ...buy, price: '95.00', time_in_force: 'gtd', expires_at: until, post_only: true }]);
    const id = [...orders.keys()].at(-1)!;
    await gateway.ask(TRADER, 'PATCH', `/v1/orders/${id}`, { quantity: '0.09' });
    const { body } = await gateway.ask(TRADER, 'DELETE', `/v1/orders/${id}`);
    const { sequence: _, ...told } = body;
    orders.set(id, told);
  }
  await batch([{ ...buy, price: '94.00', client_order_id: 'rests' }]);
  await gateway.advance(2);
  firstCandles = (await gateway.ask(0, 'GET', '/v1/candles/BTC-USD?interval=1s&limit=5')).body.candles.slice(0, 4);
  await gateway.advance(1_100);
  await storesHaveIt();
});
after(async () => {
  await gateway.stop();
});

/** Stores follow the log at their own pace: until they have all that the views have. */
async function storesHaveIt(): Promise<void> {
  for (let tries = 0; tries < 300; tries++) {
    const [ledger, fills] = await Promise.all([
      sums().catch(() => undefined),
      gateway.parts
        .history!.query(
          'SELECT count() AS n FROM fills WHERE account = {account:Int64}',
          { account: TRADER },
          {
            maxSeconds: 5,
            maxRows: 1,
          },
        )
        .catch(() => []),
    ]);
    if (ledger && Number(fills[0]?.n) === TRADES && JSON.stringify(ledger) === JSON.stringify(await held())) return;
    await gateway.advance(1);
    await sleep(200);
  }
  assert.fail('the stores never had it all');
}

async function pages(path: string, list: string, limit: number) {
  // biome-ignore lint/suspicious/noExplicitAny: items of a page that the test compares whole.
  const found: any[] = [];
  let cursor: string | null = null;
  do {
    const more: string = cursor === null ? '' : `&cursor=${cursor}`;
    const { status, body } = await gateway.ask(TRADER, 'GET', `${path}limit=${limit}${more}`);
    assert.equal(status, 200, JSON.stringify(body));
    found.push(...body[list]);
    cursor = body.next_cursor;
  } while (cursor !== null);
  return found;
}

/** Sum of all of the ledger's changes of the trader, by asset and kind, exactly. */
async function sums(): Promise<{ readonly [asset: string]: readonly string[] }> {
  const found = new Map<string, bigint>();
  for (const entry of await pages('/v1/ledger?', 'entries', 500)) {
    for (const { asset, ledger_account: of, amount } of entry.changes) {
      found.set(`${asset} ${of}`, (found.get(`${asset} ${of}`) ?? 0n) + units(amount));
    }
  }
  const of = (asset: string, account: string) => String(found.get(`${asset} ${account}`) ?? 0n);
  return Object.fromEntries(['USD', 'BTC', 'ETH'].map((asset) => [asset, [of(asset, 'available'), of(asset, 'hold')]]));
}

async function held(): Promise<{ readonly [asset: string]: readonly string[] }> {
  const { balances } = (await gateway.ask(TRADER, 'GET', '/v1/balances')).body;
  return Object.fromEntries(
    balances.map(({ asset, available, hold }: { asset: string; available: string; hold: string }) => [
      asset,
      [String(units(available)), String(units(hold))],
    ]),
  );
}

/** Units of 10^-12. */
function units(text: string): bigint {
  const [whole = '', fraction = ''] = text.replace('-', '').split('.');
  return (text.startsWith('-') ? -1n : 1n) * BigInt(whole + fraction.padEnd(12, '0'));
}

describe('pages that run into history', () => {
  it('of trades: every trade once, newest first, whatever the size', async () => {
    const whole = await pages('/v1/trades/BTC-USD?', 'trades', 1000);
    assert.equal(whole.length, TRADES);
    const ids = whole.map(({ trade_id: id }) => Number(id));
    assert.deepEqual(
      ids,
      [...new Set(ids)].sort((left, right) => right - left),
    );
    assert.deepEqual(await pages('/v1/trades/BTC-USD?', 'trades', 333), whole);
    assert.equal(whole.filter(({ price }) => price === '100.00').length, 1000);
    assert.equal(whole.filter(({ price }) => price === '100.05').length, TRADES - 1000);
  });

  it('of candles: one a second without a gap, and the same candle from history as it was in memory', async () => {
    const whole = await pages('/v1/candles/BTC-USD?interval=1s&', 'candles', 700);
    const opens = whole.map(({ opens_at: at }) => Date.parse(at)).sort((left, right) => left - right);
    assert.ok(opens.length > 1_100);
    assert.deepEqual(
      opens,
      Array.from(opens, (_, index) => opens[0]! + index * 1000),
    );
    for (const candle of firstCandles as { opens_at: string }[]) {
      assert.deepEqual(
        whole.find(({ opens_at: at }) => at === candle.opens_at),
        candle,
      );
    }
  });

  it('of fills: every one once, and the same of its order from history as from memory', async () => {
    const whole = await pages('/v1/fills?', 'fills', 400);
    assert.equal(whole.length, TRADES);
    assert.equal(new Set(whole.map(({ seq }) => seq)).size, TRADES);
    for (const index of [0, 50, 99, 100, 500, TRADES - 1]) {
      const fill = whole[index];
      const order = orders.get(fill.order_id)!;
      assert.deepEqual(
        [fill.client_order_id, fill.executed, fill.average_price, fill.fee, fill.open, fill.price],
        [
          order.client_order_id,
          order.executed,
          order.average_price,
          order.fee,
          '0.00000',
          order.average_price === '100' ? '100.00' : '100.05',
        ],
      );
    }
  });

  it('of orders: every one once, each as it was when it ended', async () => {
    const whole = await pages('/v1/orders?status=all&', 'orders', 400);
    assert.deepEqual(
      whole.map(({ order_id: id }) => id),
      [...orders.keys()].reverse(),
    );
    for (const order of whole) assert.deepEqual(order, orders.get(order.order_id));
    const ended = await pages('/v1/orders?status=ended&symbol=BTC-USD&', 'orders', 500);
    assert.equal(ended.length, orders.size - 1);
  });

  it('of one order that memory forgot: by id and by the id of the client, with its fills', async () => {
    const [id, told] = [...orders][3]!;
    const { body } = await gateway.ask(TRADER, 'GET', `/v1/orders/${id}`);
    const { fills, ...order } = body;
    assert.deepEqual(order, told);
    assert.deepEqual([fills.length, fills[0].order_id, fills[0].quantity], [1, id, '0.10000']);
    const named = await gateway.ask(TRADER, 'GET', `/v1/orders/client:${told.client_order_id}`);
    assert.deepEqual(named.body, body);
    assert.equal((await gateway.ask(MAKER, 'GET', `/v1/orders/${id}`)).status, 404);
    assert.equal((await gateway.ask(MAKER, 'GET', `/v1/orders/client:${told.client_order_id}`)).status, 404);
    assert.equal((await gateway.ask(MAKER, 'GET', `/v1/fills?order=${id}`)).status, 404);
  });
});

describe('the statement of the ledger', () => {
  it('adds up to the balances, exactly', async () => {
    assert.deepEqual(await sums(), await held());
  });

  it('names the trade and the command behind each entry that moved money', async () => {
    const entries = await pages('/v1/ledger?', 'entries', 500);
    const ids = entries.map(({ entry_id: id }) => Number(id));
    assert.deepEqual(
      ids,
      [...new Set(ids)].sort((left, right) => right - left),
    );
    const trades = entries.filter(({ kind }) => kind === 'trade');
    assert.equal(trades.length, TRADES);
    const fills = await pages('/v1/fills?', 'fills', 1000);
    const commandOf = new Map(fills.map((fill) => [fill.trade_id, fill.command_id]));
    for (const { trade_id: id, command_id: command, symbol } of trades) {
      assert.deepEqual([symbol, command], ['BTC-USD', commandOf.get(id)]);
    }
    const deposit = entries.find(({ kind }) => kind === 'deposit');
    assert.deepEqual(deposit.changes, [{ asset: 'USD', ledger_account: 'available', amount: '100000.0000000' }]);
    assert.match(deposit.command_id, /^\d+$/);
    assert.ok(deposit.reference.length > 0);
  });

  it('is of one asset where one is asked for, in pages of any size', async () => {
    const all = await pages('/v1/ledger?', 'entries', 500);
    const some = await pages('/v1/ledger?asset=BTC&', 'entries', 333);
    const expected = all
      .map((entry) => ({ ...entry, changes: entry.changes.filter(({ asset }: { asset: string }) => asset === 'BTC') }))
      .filter(({ changes }) => changes.length > 0);
    assert.deepEqual(some, expected);
  });

  it('is answered as its examples say', async () => {
    for (const { query, status } of ledgerRoutes.flatMap(({ examples }) => examples)) {
      const search = new URLSearchParams(query);
      assert.equal((await gateway.ask(TRADER, 'GET', `/v1/ledger?${search}`)).status, status);
    }
  });

  it('is the same from history while PostgreSQL is away', async () => {
    const { database: _, ...withoutDatabase } = gateway.parts;
    const wanted = { asset: undefined, before: undefined, limit: 40 };
    const fromLedger = await ownLedger(TRADER as never, wanted, gateway.parts);
    const fromHistory = await ownLedger(TRADER as never, wanted, withoutDatabase);
    const sorted = ({ entries, next }: typeof fromLedger) => ({
      next,
      entries: entries.map((entry) => ({
        ...entry,
        changes: [...entry.changes].sort((left, right) =>
          `${left.asset}${left.ledgerAccount}`.localeCompare(`${right.asset}${right.ledgerAccount}`),
        ),
      })),
    });
    assert.deepEqual(sorted(fromHistory), sorted(fromLedger));
    const dead = { as: () => ({ query: () => Promise.reject(new Error('connect ECONNREFUSED')) }) };
    assert.deepEqual(
      sorted(await ownLedger(TRADER as never, wanted, { ...gateway.parts, database: dead })),
      sorted(fromLedger),
    );
    await assert.rejects(ownLedger(TRADER as never, wanted, { database: dead, history: undefined }), {
      name: 'RequestRefused',
      refusal: { code: 'unavailable', message: 'The ledger does not answer just now; balances are served without it.' },
    });
  });
});
