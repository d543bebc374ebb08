/**
 * `npm run bench -- [NAME…] [--json] [--quick] [--page FILE] [--list]`: without a name it lists what there is; `all` runs
 * everything and writes a page with plots. Each figure stands beside a reference of the same run; none decides a test.
 */
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { benchPage } from './bench-page.ts';
import type { BenchModule, BenchOptions, Row } from './bench-row.ts';
import { thisMachine } from './machine.ts';

const ROWS_FOLDER = fileURLToPath(new URL('./rows/', import.meta.url));
const ROOT = fileURLToPath(new URL('../../', import.meta.url));

const args = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'boolean', default: false },
    quick: { type: 'boolean', default: false },
    page: { type: 'string' },
  },
});

const say = (line: string): void => {
  process.stderr.write(`${line}\n`);
};

const modules = new Map<string, BenchModule>();
for (const file of readdirSync(ROWS_FOLDER)
  .filter((name) => name.endsWith('.ts'))
  .sort()) {
  try {
    const loaded = (await import(pathToFileURL(resolve(ROWS_FOLDER, file)).href)) as BenchModule;
    modules.set(loaded.name, loaded);
  } catch (error) {
    say(`${file} does not load: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 1;
  }
}

const wanted = args.positionals;
const unknown = wanted.filter((name) => name !== 'all' && !modules.has(name));
if (unknown.length > 0) {
  say(`bench: "${unknown.join('", "')}" is unknown; allowed: all, ${[...modules.keys()].join(', ')}`);
  process.exitCode = 2;
} else if (wanted.length === 0) {
  for (const { name, summary } of modules.values()) process.stdout.write(`${name.padEnd(20)} ${summary}\n`);
  process.stdout.write(`${'all'.padEnd(20)} everything, and a page with plots\n`);
} else {
  const all = wanted.includes('all');
  const options: BenchOptions = {
    dataFolder: process.env.SLUICE_DATA ?? resolve(ROOT, '../shared/data'),
    quick: args.values.quick,
    say,
  };
  const machine = thisMachine();
  const rows: Row[] = [];
  for (const [name, module] of modules) {
    if (!all && !wanted.includes(name)) continue;
    say(`${name}: ${module.summary}`);
    try {
      rows.push(...(await module.rows(options)));
    } catch (error) {
      say(`${name} failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
      process.exitCode = 1;
    }
  }
  if (args.values.json) process.stdout.write(`${JSON.stringify({ machine, quick: options.quick, rows })}\n`);
  else process.stdout.write(table(rows, machine.line));
  const page = args.values.page ?? (all ? resolve(ROOT, 'bench.html') : undefined);
  if (page !== undefined) {
    mkdirSync(dirname(page), { recursive: true });
    writeFileSync(page, benchPage(rows, machine, options.quick));
    say(`page: ${page}`);
  }
}

function table(rows: readonly Row[], machine: string): string {
  const lines = rows.map((row) => [
    row.name,
    figure(row.value),
    row.unit,
    row.reference === null ? '-' : `${figure(row.reference.value)}  ${row.reference.name}`,
    row.ratio === null ? '-' : row.ratio.toFixed(2),
    `${figure(row.spread.lowest)} to ${figure(row.spread.highest)} (${row.spread.repetitions})`,
  ]);
  const heads = ['name', 'value', 'unit', 'reference', 'ratio', 'spread'];
  const widths = heads.map((head, column) => Math.max(head.length, ...lines.map((line) => line[column]?.length ?? 0)));
  const text = [heads, ...lines].map((line) =>
    line
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  const notes = rows.filter((row) => row.note !== undefined).map((row) => `${row.name}: ${row.note}`);
  return `${[...text, '', ...notes, machine].join('\n')}\n`;
}

/** Three significant digits or whole thousands, grouped. */
function figure(value: number): string {
  if (Math.abs(value) >= 1_000) return Math.round(value).toLocaleString('en-US');
  return Number(value.toPrecision(3)).toString();
}
