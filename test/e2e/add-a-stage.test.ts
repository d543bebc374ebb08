/**
 * The chapter docs/add-a-stage.md, done as it says: its operator and its line go into a copy of the project, which is then
 * compiled, linted, drawn, tested, and run on a simulated market.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { askExchange } from '../../pipelines/runtime/embedded/control-socket.ts';
import type { ExchangeStatus } from '../../pipelines/runtime/embedded/exchange-status.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const chapter = readFileSync(join(ROOT, 'docs/add-a-stage.md'), 'utf8');
const ROOMS = ['operators', 'pipelines', 'sources', 'sinks', 'schemas', 'gateway', 'infra/lint', 'test/operators'];
const FILES = ['package.json', 'tsconfig.json', 'biome.json', 'pipeline.config.ts'];
const DEADLINE_MS = 120_000;

let copy: string;
let running: ChildProcess | undefined;

/** Code of the first block in this language behind these words. */
function blockAfter(words: string, language: string): string {
  const at = chapter.indexOf(words);
  assert.ok(at >= 0, words);
  const from = chapter.indexOf(`\`\`\`${language}\n`, at) + language.length + 4;
  return chapter.slice(from, chapter.indexOf('```', from));
}

function write(path: string, text: string): void {
  mkdirSync(dirname(join(copy, path)), { recursive: true });
  writeFileSync(join(copy, path), text);
}

/** Each added line goes behind the line before it. */
function patch(path: string, diff: string): void {
  const lines = readFileSync(join(copy, path), 'utf8').split('\n');
  let at = -1;
  for (const line of diff.trimEnd().split('\n')) {
    const text = line.slice(1);
    if (line.startsWith('+')) lines.splice(++at, 0, text);
    else {
      at = lines.indexOf(text);
      assert.ok(at >= 0, `${path} has no line: ${text}`);
    }
  }
  write(path, lines.join('\n'));
}

function run(script: string, ...args: string[]): { readonly code: number | null; readonly out: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(copy, script), ...args], {
    cwd: copy,
    encoding: 'utf8',
    timeout: DEADLINE_MS,
    maxBuffer: 2 ** 30,
  });
  return { code: status, out: stdout + stderr };
}

const sluice = (...args: string[]) => run('pipelines/commands/sluice.ts', ...args);

before(() => {
  copy = mkdtempSync(join(tmpdir(), 'sluice-chapter-'));
  for (const room of ROOMS) cpSync(join(ROOT, room), join(copy, room), { recursive: true });
  for (const file of FILES) cpSync(join(ROOT, file), join(copy, file));
  symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
  write('operators/watch-runaways.ts', blockAfter('`operators/watch-runaways.ts`:', 'ts'));
  write('test/operators/watch-runaways.test.ts', blockAfter('`test/operators/watch-runaways.test.ts`', 'ts'));
  patch('pipelines/spot.ts', blockAfter('## The line', 'diff'));
});
after(() => {
  running?.kill('SIGKILL');
  rmSync(copy, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
});

describe('the chapter on declaring a new stage', () => {
  const changed = ['operators/watch-runaways.ts', 'pipelines/spot.ts', 'test/operators/watch-runaways.test.ts'];

  it('has code that compiles, and that formatter and linter find nothing in', () => {
    write('tsconfig.chapter.json', JSON.stringify({ extends: './tsconfig.json', include: changed, files: changed }));
    const compiled = run('node_modules/typescript/bin/tsc', '--noEmit', '-p', 'tsconfig.chapter.json');
    assert.equal(compiled.code, 0, compiled.out);
    const checked = run('node_modules/@biomejs/biome/bin/biome', 'check', '--vcs-enabled=false', ...changed);
    assert.equal(checked.code, 0, checked.out);
  });

  it('lints clean, and is drawn as the chapter shows', () => {
    assert.deepEqual(sluice('lint'), { code: 0, out: '0 errors, 0 warnings\n' });
    assert.ok(sluice('graph').out.includes(blockAfter('has drawn it:', 'text').trim()), sluice('graph').out);
  });

  it('shows what lint and compiler say of a wrong port, and of a clock', () => {
    const topology = readFileSync(join(copy, 'pipelines/spot.ts'), 'utf8');
    const operator = readFileSync(join(copy, 'operators/watch-runaways.ts'), 'utf8');
    write('pipelines/spot.ts', topology.replace('{ in: market }).trades', '{ in: market }).trade'));
    write('operators/watch-runaways.ts', operator.replace('const far =', 'Date.now();\n    const far ='));
    try {
      const { code, out } = sluice('lint');
      assert.equal(code, 1);
      assert.ok(out.includes(blockAfter('it does not compile', 'text').trim()), out);
      const [, clock] = /`(An operator touches a clock[^`]*)`/.exec(chapter)!;
      assert.ok(out.includes(clock!), out);
      const compiled = run('node_modules/typescript/bin/tsc', '--noEmit', '-p', 'tsconfig.chapter.json');
      assert.match(compiled.out, /pipelines\/spot\.ts.*error TS2551: Property 'trade' does not exist/);
    } finally {
      write('pipelines/spot.ts', topology);
      write('operators/watch-runaways.ts', operator);
    }
  });

  it('has a test that passes', () => {
    const { code, out } = run('test/operators/watch-runaways.test.ts');
    assert.equal(code, 0, out);
    assert.match(out, /pass 2\b/);
  });

  it('tells the runaway trades of a simulated market, each once, over a kill and a restart', async () => {
    // The exchange of the chapter without its stores, which say nothing of this; the day of market that a new data
    // directory begins with has enough trades to run away.
    write(
      'pipelines/quiet.ts',
      `import spot from './spot.ts';

const stores = new Set(['ledger', 'history', 'archive']);
export default {
  ...spot,
  nodes: spot.nodes.filter(({ id }) => !stores.has(id)),
  edges: spot.edges.filter(({ to }) => !stores.has(to)),
};
`,
    );
    const config = readFileSync(join(copy, 'pipeline.config.ts'), 'utf8');
    write('pipeline.config.ts', config.replace("pipeline: 'spot'", "pipeline: 'quiet'"));
    const signals = () => linesOf(join(copy, 'data/lines/runaways.jsonl'));
    await runUntil(async () => signals().length >= 10, 'SIGKILL');
    await runUntil(async () => {
      const lane = (await statusNow())?.lanes.find(({ sink }) => sink === 'runaways');
      return lane !== undefined && lane.blocks > 0 && lane.lagRecords < 100;
    }, 'SIGTERM');

    const { code, out } = sluice('log', 'cat', '--log', 'market', '--type', 'trade', '--format', 'json');
    assert.equal(code, 0, out.slice(-500));
    const position = JSON.parse(readFileSync(join(copy, 'data/lines/runaways.position.json'), 'utf8'));
    const trades = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { partition: number; offset: number; record: LoggedTrade })
      .filter(({ partition, offset }) => offset < position.next[`market/${partition}`]);
    const expected = runaways(trades.map(({ record }) => record));
    assert.ok(expected.length > 100, `${expected.length} of ${trades.length} trades ran away`);
    const told = signals();
    const place = ({ symbol, seq }: LoggedTrade) => `symbol ${symbol} trade ${seq}`;
    // Partitions of the market log are in the file as they became durable; of one symbol the order is that of the log.
    assert.deepEqual(told.map(place).sort(), expected.map(place).sort());
    for (const symbol of new Set(told.map((each) => each.symbol))) {
      const of = (all: readonly LoggedTrade[]) => all.filter((each) => each.symbol === symbol).map(place);
      assert.deepEqual(of(told), of(expected));
    }
    for (const { from, type } of told) assert.deepEqual([from, type], ['runaway.trades', 'trade']);
  });
});

interface LoggedTrade {
  readonly symbol: number;
  readonly seq: number;
  readonly priceTicks: number;
}

/** The rule of the chapter once more, written for reading. */
function runaways(trades: readonly LoggedTrade[]): LoggedTrade[] {
  return [...Map.groupBy(trades, ({ symbol }) => symbol).values()].flatMap((ofSymbol) =>
    ofSymbol.filter((trade, index) => {
      const before = ofSymbol.slice(Math.max(0, index - 50), index).map(({ priceTicks }) => priceTicks);
      const mean = before.reduce((sum, price) => sum + price, 0) / 50;
      return before.length === 50 && Math.abs(trade.priceTicks - mean) > mean * 0.001;
    }),
  );
}

/** Whole lines of a file that may be written just now. */
function linesOf(path: string): (LoggedTrade & { readonly from: string; readonly type: string })[] {
  if (!existsSync(path)) return [];
  const text = readFileSync(path, 'utf8');
  return text
    .slice(0, text.lastIndexOf('\n') + 1)
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
}

async function statusNow(): Promise<ExchangeStatus | undefined> {
  return askExchange(join(copy, 'data'), { ask: 'status' }).catch(() => undefined) as Promise<
    ExchangeStatus | undefined
  >;
}

async function runUntil(holds: () => Promise<boolean>, signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
  let said = '';
  running = spawn(process.execPath, [join(copy, 'pipelines/commands/sluice.ts'), 'run'], {
    cwd: copy,
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, SLUICE_GATEWAY_PORT: '0' },
  });
  running.stderr!.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  const ended = once(running, 'exit');
  const deadline = performance.now() + DEADLINE_MS;
  while (!(await holds())) {
    assert.equal(running.exitCode, null, said);
    assert.ok(performance.now() < deadline, `no signal came:\n${said}`);
    await sleep(100);
  }
  running.kill(signal);
  const [code] = await ended;
  if (signal === 'SIGTERM') assert.equal(code, 0, said);
}
