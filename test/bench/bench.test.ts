import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { benchPage, linePlot, ratioBars } from './bench-page.ts';
import { comparedRow, measuredOf, measureInterleaved, medianOf, type Row } from './bench-row.ts';
import { thisMachine } from './machine.ts';

function bench(...args: string[]): { code: number | null; out: string; err: string } {
  const script = join(import.meta.dirname, 'bench.ts');
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...args], { encoding: 'utf8' });
  return { code: status, out: stdout, err: stderr };
}

const row: Row = {
  name: 'a <quick> row',
  value: 20,
  unit: 'orders/s',
  reference: { name: 'the plain loop', value: 10 },
  ratio: 2,
  spread: { lowest: 18, highest: 22, repetitions: 5 },
  series: [
    {
      name: 'lag',
      xUnit: 's',
      yUnit: 'ms',
      points: [
        [0, 1],
        [10, 4],
        [20, 2],
      ],
    },
  ],
};

test('lists what there is when no name is given', () => {
  const { code, out } = bench();
  assert.equal(code, 0);
  assert.match(out, /^matching-core {2,}\S/m);
  assert.match(out, /^all {2,}everything/m);
});

test('refuses a name it does not know and says which it knows', () => {
  const { code, err } = bench('matching-cord');
  assert.equal(code, 2);
  assert.match(err, /"matching-cord" is unknown; allowed: all, /);
});

test('measures subject and reference in turns', async () => {
  const order: string[] = [];
  const figures = await measureInterleaved(3, {
    subject: () => order.push('subject'),
    reference: () => order.push('reference'),
  });
  assert.deepEqual(order, ['subject', 'reference', 'subject', 'reference', 'subject', 'reference']);
  assert.deepEqual(figures.subject, { median: 3, lowest: 1, highest: 5 });
});

test('gives the middle figure, its spread and its ratio to the reference', () => {
  assert.equal(medianOf([9, 1, 5]), 5);
  assert.equal(medianOf([4, 1, 3, 2]), 2, 'of an even number the lower middle: never a figure that nobody measured');
  const made = comparedRow('x', 'M/s', measuredOf([2, 4, 3]), { ...measuredOf([1.5, 1.5, 1.5]), name: 'y' }, 3);
  assert.deepEqual([made.value, made.ratio, made.spread], [3, 2, { lowest: 2, highest: 4, repetitions: 3 }]);
  assert.throws(() => medianOf([]), RangeError);
});

test('draws a page that names machine, figures, references and ratios, with its text escaped', () => {
  const page = benchPage([row], thisMachine(), false);
  for (const part of ['a &lt;quick&gt; row', 'the plain loop', '2.00', '18 – 22 (5)', thisMachine().node]) {
    assert.ok(page.includes(part), part);
  }
  assert.ok(!page.includes('<quick>'));
  assert.ok(!page.includes('Short runs'));
  assert.match(benchPage([row], thisMachine(), true), /Short runs: not worth quoting/);
});

test('draws ratios as bars beside the line of the reference, and series as lines within their frame', () => {
  const bars = ratioBars([row, { ...row, name: 'half', ratio: 0.5 }]);
  const widths = [...bars.matchAll(/<rect [^>]*width="([\d.]+)"/g)].map((match) => Number(match[1]));
  assert.equal(widths.length, 2);
  assert.ok(Math.abs(widths[0]! / widths[1]! - 4) < 0.01);
  const points = /points="([^"]+)"/.exec(linePlot(row.series ?? []))?.[1]?.split(' ') ?? [];
  const heights = points.map((point) => Number(point.split(',')[1]));
  assert.equal(points.length, 3);
  assert.ok(heights[1]! < heights[2]! && heights[2]! < heights[0]!, 'a larger figure stands higher');
  assert.equal(ratioBars([{ ...row, ratio: null }]), '<p>No figure has a reference.</p>');
});
