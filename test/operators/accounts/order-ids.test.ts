import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OpenOrders } from '../../../operators/accounts/open-orders.ts';
import { OrderIds } from '../../../operators/accounts/order-ids.ts';
import { StateReader, StateWriter } from '../../../operators/accounts/state-bytes.ts';
import { StateHash } from '../../../operators/accounts/state-hash.ts';
import { place } from '../record-makers.ts';
import { SeededRandom } from '../seeded-random.ts';

/** The rule in its plainest form: a map, and a look at every entry. */
class PlainIds {
  readonly ids = new Map<string, { orderId: number; validUntil: number; open: boolean }>();

  expire(now: number): void {
    for (const [id, entry] of this.ids) if (!entry.open && entry.validUntil < now) this.ids.delete(id);
  }
}

function hashOf(ids: OrderIds): string {
  const hash = new StateHash();
  ids.hashInto(hash);
  return hash.digest();
}

function bytesOf(ids: OrderIds): Uint8Array {
  const to = new StateWriter(1);
  ids.write(to);
  return to.finish();
}

for (const seed of [1, 2, 3]) {
  test(`remembers exactly what a plain map would (seed ${seed})`, () => {
    const random = new SeededRandom(seed);
    const orders = new OpenOrders();
    const ids = new OrderIds(orders);
    const plain = new PlainIds();
    ids.configure(80, 5_000_000);
    let now = 1_700_000_000_000_000;
    let nextOrder = 1;
    for (let step = 0; step < 6_000; step++) {
      if (random.chance(40)) now += random.pick([1, 1_000, 70_000, 900_000]);
      if (random.chance(1)) now += 86_400_000_000;
      ids.advance(now);
      plain.expire(now);
      const account = random.between(4, 6);
      const id = `id-${random.between(0, 60)}`;
      const known = plain.ids.get(`${account}/${id}`);
      const found = ids.find(account, account + 100, id);
      assert.equal(found !== 0, known !== undefined);
      if (found !== 0) assert.equal(ids.orderIdAt(found), known!.orderId);
      else if (ids.isFull()) assert.equal(plain.ids.size >= 80, true);
      else {
        assert.equal(plain.ids.size < 80, true);
        ids.find(account, account + 100, id);
        const validUntil = now + random.between(0, 5_000_000);
        ids.add(account, place({ clientOrderId: id, priceTicks: step }), nextOrder, validUntil);
        plain.ids.set(`${account}/${id}`, { orderId: nextOrder, validUntil, open: true });
        orders.add(nextOrder++, id);
      }
      if (plain.ids.size > 0 && random.chance(60)) {
        const [key, entry] = random.pick([...plain.ids]);
        if (entry.open) {
          entry.open = false;
          orders.remove(orders.find(entry.orderId));
          if (random.chance(10)) {
            ids.forget(entry.orderId);
            plain.ids.delete(key);
          } else if (entry.validUntil < now) ids.close(entry.orderId);
          plain.expire(now);
        }
        assert.equal(ids.knows(entry.orderId, Number(key.split('/')[0])), plain.ids.has(key));
        assert.equal(ids.knows(entry.orderId, 9), false, 'of another account');
      }
      if (step % 50 === 0) {
        ids.checkInvariants();
        const twin = new OrderIds(orders);
        twin.read(new StateReader(bytesOf(ids), 1));
        twin.checkInvariants();
        assert.deepEqual(bytesOf(twin), bytesOf(ids));
        assert.equal(hashOf(twin), hashOf(ids));
        assert.equal(ids.count, plain.ids.size);
      }
    }
  });
}

test('keeps its entries when it is told to allow a longer validity', () => {
  const orders = new OpenOrders();
  const ids = new OrderIds(orders);
  ids.configure(100, 1_000_000);
  ids.advance(5_000_000);
  for (let orderId = 1; orderId <= 20; orderId++) {
    ids.find(4, 104, `id-${orderId}`);
    ids.add(4, place({ clientOrderId: `id-${orderId}` }), orderId, 5_000_000 + orderId * 50_000);
  }
  ids.configure(100, 3_600_000_000);
  ids.checkInvariants();
  ids.advance(5_500_001);
  for (let orderId = 1; orderId <= 20; orderId++) {
    assert.equal(ids.orderOf(4, 104, `id-${orderId}`), orderId <= 10 ? 0 : orderId);
  }
});
