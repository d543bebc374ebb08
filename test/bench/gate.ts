/**
 * `npm run gate [-- --minutes 15 --rate 50000 --page FILE]`: the exchange under the load of a day for a quarter of an hour,
 * and whether it holds. Writes a page with plots; exits with 1 where it does not hold, with 74 where the disk is too small.
 */
import { statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { benchPage } from './bench-page.ts';
import type { Row, Series } from './bench-row.ts';
import { type EntrySample, runEntry } from './load/entry-run.ts';
import { thisMachine } from './machine.ts';
import { holds, note } from './rows/order-entry.ts';

/** What an order takes on the disk, with every store and until retention takes it away. */
const BYTES_PER_ORDER = 2_500;

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '15' },
    rate: { type: 'string', default: '50000' },
    page: { type: 'string', default: 'gate.html' },
  },
});
const seconds = Math.round(Number(values.minutes) * 60);
const rate = Number(values.rate);
if (!(seconds > 0) || !(rate > 0)) {
  console.error(`--minutes ${values.minutes} and --rate ${values.rate}: both are numbers above 0`);
  process.exit(2);
}
const { bavail, bsize } = statfsSync(tmpdir());
const wanted = seconds * rate * BYTES_PER_ORDER;
if (bavail * bsize < wanted) {
  const gigabytes = (bytes: number) => (bytes / 1e9).toFixed(1);
  console.error(
    `${tmpdir()} has ${gigabytes(bavail * bsize)} GB free; ${values.minutes} minutes at ${rate} orders/s may take ${gigabytes(wanted)} GB. Give TMPDIR another disk, or fewer minutes.`,
  );
  process.exit(74);
}

const run = await runEntry({ ordersPerSecond: rate, seconds, connections: 16, readers: 100 }, (sample) => {
  if (sample.atSeconds % 10 === 0)
    console.error(`${sample.atSeconds} s: ${sample.answeredPerSecond}/s, p99 ${sample.p99Ms.toFixed(1)} ms`);
});
const broken = holds(run, rate);
const over = (name: string, yUnit: string, of: (sample: EntrySample) => number): Series => ({
  name,
  xUnit: 's',
  yUnit,
  points: run.samples.map((sample) => [sample.atSeconds, of(sample)] as const),
});
const plotted = (name: string, value: number, unit: string, series: readonly Series[], more = ''): Row => ({
  name,
  value,
  unit,
  reference: null,
  ratio: null,
  spread: { lowest: value, highest: value, repetitions: 1 },
  series,
  note: more,
});
const sinks = Object.keys(run.samples[0]?.lagMs ?? {});
const highest = (of: (sample: EntrySample) => number) => Math.max(0, ...run.samples.map(of));
const rows: Row[] = [
  plotted('acknowledgement, p99', run.end.p99Ms, 'ms', [over('p99', 'ms', ({ p99Ms }) => p99Ms)], note(run)),
  plotted('answers', run.answeredPerSecond, '1/s', [over('answers', '1/s', (sample) => sample.answeredPerSecond)]),
  plotted(
    'lag of the stores, highest',
    highest(({ lagMs }) => Math.max(...Object.values(lagMs))),
    'ms',
    sinks.map((sink) => over(sink, 'ms', ({ lagMs }) => lagMs[sink] ?? 0)),
  ),
  plotted('resident memory of the exchange, highest', highest(({ residentBytes }) => residentBytes) / 2 ** 20, 'MiB', [
    over('resident', 'MiB', ({ residentBytes }) => residentBytes / 2 ** 20),
  ]),
];
const page = resolve(values.page);
writeFileSync(page, benchPage(rows, thisMachine(), seconds < 600));
console.log(`${broken === '' ? 'holds' : `does not hold: ${broken}`}; ${note(run)}; ${page}`);
process.exit(broken === '' ? 0 : 1);
