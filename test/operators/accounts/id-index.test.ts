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
  test(`finds what a map of lists finds, with ${title}`, () => {
    const random = new SeededRandom(9);
    const index = new IdIndex(shift);
    const tags = new Map<number, number>();
    let next = 1;
    for (let step = 0; step < 20_000; step++) {
      const removes = step > 12_000 ? 70 : 30;
      if (tags.size > 0 && random.chance(removes)) {
        const entry = next - 1 - (random.next() % Math.min(tags.size, 50));
        const tag = tags.get(entry);
        if (tag === undefined) continue;
        index.remove(entry, tag);
        tags.delete(entry);
      } else {
        const tag = tagOf(random);
        index.add(next, tag);
        tags.set(next++, tag);
      }
    }
    const byTag = new Map<number, number[]>();
    for (const [entry, tag] of tags) byTag.set(tag, [...(byTag.get(tag) ?? []), entry]);
    for (const [tag, entries] of byTag)
      assert.deepEqual(
        entriesOf(index, tag),
        entries.sort((a, b) => a - b),
      );
    assert.deepEqual(entriesOf(index, 123_456_789), []);
  });
}

test('refuses to remove what is not in it', () => {
  const index = new IdIndex();
  index.add(5, 77);
  assert.throws(() => index.remove(6, 77), /in the index under its tag/);
});
