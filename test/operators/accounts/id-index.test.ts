import assert from 'node:assert/strict';
import { test } from 'node:test';
import { IdIndex } from '../../../operators/accounts/id-index.ts';
import { SeededRandom } from '../seeded-random.ts';

function entriesOf(index: IdIndex, tag: number): number[] {
  const found: number[] = [];
  for (let entry = index.first(tag); entry !== 0; entry = index.next()) found.push(entry);
  return found.sort((a, b) => a - b);
}

for (const [title, tagOf, shift] of [
  ['tags that are spread', (random: SeededRandom) => random.next() | 0, 0],
  ['neighbouring tags', (random: SeededRandom) => random.between(0, 4_000), 3],
  ['few tags, each many times', (random: SeededRandom) => random.between(0, 30) * 64, 0],
] as const) {
  test(`finds what a map of lists finds while spans pass, with ${title}`, () => {
    const random = new SeededRandom(9);
    const index = new IdIndex(shift);
    const entries = new Map<number, { tag: number; span: number }>();
    let next = 1;
    // Spans that leave the 32 bits on the way.
    let span = 2 ** 31 * 13 - 40;
    index.setSpan(span, 0);
    for (let step = 0; step < 20_000; step++) {
      const roll = random.between(0, 999);
      const some = next - 1 - (random.next() % Math.min(next, 50));
      const known = entries.get(some);
      if (roll < 200 && known) {
        index.remove(some, known.tag);
        entries.delete(some);
      } else if (roll < 220 && known && known.span !== Number.POSITIVE_INFINITY) {
        index.keep(some, known.tag);
        known.span = Number.POSITIVE_INFINITY;
      } else if (roll > 985) {
        span += random.between(1, 3);
        let ended = 0;
        for (const [entry, each] of entries) if (each.span < span && entries.delete(entry)) ended++;
        index.setSpan(span, ended);
      } else {
        const tag = tagOf(random);
        const forEver = random.chance(1);
        const until = forEver ? Number.POSITIVE_INFINITY : span + random.between(0, 20);
        if (forEver) index.addForEver(next, tag);
        else index.add(next, tag, until);
        entries.set(next++, { tag, span: until });
      }
      if (step % 2_000 !== 1_999) continue;
      const byTag = new Map<number, number[]>();
      for (const [entry, { tag }] of entries) byTag.set(tag, [...(byTag.get(tag) ?? []), entry]);
      for (const [tag, found] of byTag)
        assert.deepEqual(
          entriesOf(index, tag),
          found.sort((a, b) => a - b),
        );
      assert.deepEqual(entriesOf(index, 123_456_789), []);
    }
    assert.ok(entries.size > 100 && entries.size < next / 2);
  });
}

test('refuses to remove what is not in it', () => {
  const index = new IdIndex();
  index.addForEver(5, 77);
  assert.throws(() => index.remove(6, 77), /in the index under its tag/);
});
