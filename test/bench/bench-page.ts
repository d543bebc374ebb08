import type { Row, Series } from './bench-row.ts';
import type { Machine } from './machine.ts';

const WIDTH = 720;
const BAR_HEIGHT = 22;
const PLOT_HEIGHT = 220;
const MARGIN = 56;
const COLOURS = ['#2a6fbb', '#d9822b', '#3d9970', '#a23b72', '#6c757d'];

/** One self-contained page: the figures as a table, their ratios as bars, their series as lines. No script. */
export function benchPage(rows: readonly Row[], machine: Machine, quick: boolean): string {
  const body = rows.map(
    (
      row,
    ) => `<tr><td>${escapeHtml(row.name)}</td><td class="n">${number(row.value)}</td><td>${escapeHtml(row.unit)}</td>
<td class="n">${row.reference === null ? '' : number(row.reference.value)}</td><td>${escapeHtml(row.reference?.name ?? '')}</td>
<td class="n">${row.ratio === null ? '' : row.ratio.toFixed(2)}</td>
<td class="n">${number(row.spread.lowest)} – ${number(row.spread.highest)} (${row.spread.repetitions})</td><td>${escapeHtml(row.note ?? '')}</td></tr>`,
  );
  const plots = rows
    .filter((row) => row.series?.some((series) => series.points.length > 1))
    .map((row) => `<h2>${escapeHtml(row.name)}</h2>${linePlot(row.series ?? [])}`);
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Sluice: benchmarks</title>
<style>
body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:72rem;padding:0 1rem;color:#1c2430;background:#fff}
table{border-collapse:collapse;width:100%}td,th{border-bottom:1px solid #d8dee6;padding:.3rem .5rem;text-align:left;vertical-align:top}
.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}svg text{font:12px system-ui,sans-serif;fill:#1c2430}
@media (prefers-color-scheme:dark){body{background:#12161c;color:#dfe6ee}svg text{fill:#dfe6ee}td,th{border-color:#2c3540}}
</style></head><body>
<h1>Benchmarks</h1>
<p>${escapeHtml(machine.line)}.${quick ? ' <strong>Short runs: not worth quoting.</strong>' : ''}
Each figure stands beside a reference of the same run; figures of different machines are not comparable.</p>
<table><thead><tr><th>name</th><th>value</th><th>unit</th><th>reference</th><th></th><th>ratio</th><th>spread (runs)</th><th>note</th></tr></thead>
<tbody>${body.join('\n')}</tbody></table>
<h2>Ratio to the reference</h2>${ratioBars(rows)}
${plots.join('\n')}
</body></html>
`;
}

/** Ratios as horizontal bars, the reference (1) as a line. */
export function ratioBars(rows: readonly Row[]): string {
  const compared = rows.flatMap((row) => (row.ratio === null ? [] : [{ name: row.name, ratio: row.ratio }]));
  if (compared.length === 0) return '<p>No figure has a reference.</p>';
  const highest = Math.max(1, ...compared.map((row) => row.ratio));
  const left = 260;
  const scale = (WIDTH - left - 70) / highest;
  const bars = compared.map(({ name, ratio }, index) => {
    const y = index * BAR_HEIGHT;
    const width = Math.max(1, ratio * scale);
    return `<text x="${left - 8}" y="${y + 15}" text-anchor="end">${escapeHtml(name)}</text>
<rect x="${left}" y="${y + 3}" width="${width.toFixed(1)}" height="${BAR_HEIGHT - 7}" fill="${COLOURS[0]}"/>
<text x="${(left + width + 6).toFixed(1)}" y="${y + 15}">${ratio.toFixed(2)}</text>`;
  });
  const height = compared.length * BAR_HEIGHT;
  const one = (left + scale).toFixed(1);
  return `<svg viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" role="img" aria-label="ratios to the references">
${bars.join('\n')}<line x1="${one}" x2="${one}" y1="0" y2="${height}" stroke="${COLOURS[1]}" stroke-dasharray="3 3"/></svg>`;
}

/** Lines over one pair of axes that begin at zero. */
export function linePlot(all: readonly Series[]): string {
  const series = all.filter(({ points }) => points.length > 1);
  const first = series[0];
  if (first === undefined) return '';
  const points = series.flatMap((one) => one.points);
  const xLowest = Math.min(...points.map(([x]) => x));
  const xHighest = Math.max(...points.map(([x]) => x));
  const yHighest = Math.max(...points.map(([, y]) => y), 0);
  const xSpan = xHighest - xLowest || 1;
  const ySpan = yHighest || 1;
  const x = (value: number): string => (MARGIN + ((value - xLowest) / xSpan) * (WIDTH - 2 * MARGIN)).toFixed(1);
  const y = (value: number): string => (PLOT_HEIGHT - 30 - (value / ySpan) * (PLOT_HEIGHT - 50)).toFixed(1);
  const lines = series.map((one, index) => {
    const path = one.points.map(([px, py]) => `${x(px)},${y(py)}`).join(' ');
    const colour = COLOURS[index % COLOURS.length];
    return `<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="1.5"/>
<text x="${MARGIN + index * 180}" y="14" style="fill:${colour}">${escapeHtml(one.name)}</text>`;
  });
  return `<svg viewBox="0 0 ${WIDTH} ${PLOT_HEIGHT}" width="${WIDTH}" role="img" aria-label="${escapeHtml(series.map((one) => one.name).join(', '))}">
<line x1="${MARGIN}" x2="${WIDTH - MARGIN}" y1="${y(0)}" y2="${y(0)}" stroke="#8a94a0"/>
<text x="${MARGIN - 6}" y="${y(0)}" text-anchor="end">0</text><text x="${MARGIN - 6}" y="${y(yHighest)}" text-anchor="end">${number(yHighest)}</text>
<text x="${MARGIN}" y="${PLOT_HEIGHT - 8}">${number(xLowest)}</text>
<text x="${WIDTH - MARGIN}" y="${PLOT_HEIGHT - 8}" text-anchor="end">${number(xHighest)} ${escapeHtml(first.xUnit)}</text>
<text x="${WIDTH / 2}" y="${PLOT_HEIGHT - 8}" text-anchor="middle">${escapeHtml(first.yUnit)}</text>
${lines.join('\n')}</svg>`;
}

function number(value: number): string {
  return Math.abs(value) >= 1_000 ? Math.round(value).toLocaleString('en-US') : Number(value.toPrecision(3)).toString();
}

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
