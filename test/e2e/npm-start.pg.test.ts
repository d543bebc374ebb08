/**
 * The first quarter of an hour of somebody new: `npm start`, the printed lines pasted into a shell as they are, a resting
 * order, `kill -9`, `npm start` again, the same money and the same orders, Ctrl-C. All real: PostgreSQL, ClickHouse, the
 * archive and the simulated market run.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const DEADLINE_MS = 180_000;

let folder: string;
/** With a space in it: what is printed must still be right when pasted. */
let dataDir: string;
const started: ChildProcess[] = [];

before(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-start-'));
  dataDir = join(folder, 'my data');
});
after(async () => {
  for (const child of started) killGroup(child, 'SIGKILL');
  // What the exchange had started ends by itself when it is gone.
  for (let wait = 0; wait < 100 && leftBehind() > 0; wait++) await sleep(100);
  rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
});

interface Start {
  readonly child: ChildProcess;
  readonly ended: Promise<number | null>;
  out(): string;
  err(): string;
}

/** `npm start` in the folder of the project, in a process group of its own, as a terminal would. */
function npmStart(environment: { readonly [name: string]: string }): Start {
  const child = spawn('npm', ['start'], {
    cwd: ROOT,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, npm_config_update_notifier: 'false', ...environment },
  });
  started.push(child);
  let [out, err] = ['', ''];
  child.stdout!.on('data', (chunk: Buffer) => {
    out += chunk.toString();
  });
  child.stderr!.on('data', (chunk: Buffer) => {
    err += chunk.toString();
  });
  const ended = once(child, 'close').then(([code]) => code as number | null);
  return { child, ended, out: () => out, err: () => err };
}

async function ready(start: Start): Promise<Start> {
  await eventually('it is ready', start, () => start.out().includes('Ctrl-C ends it'));
  return start;
}

async function eventually(what: string, start: Start, holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + DEADLINE_MS;
  while (!(await holds())) {
    assert.equal(start.child.exitCode, null, `${what}: it ended\n${start.out()}\n${start.err()}`);
    assert.ok(performance.now() < deadline, `${what}, within ${DEADLINE_MS / 1000} s\n${start.out()}\n${start.err()}`);
    await sleep(100);
  }
}

function killGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  try {
    process.kill(-child.pid!, signal);
  } catch {
    // None of it is left.
  }
}

/** A line as it was printed, in a shell. */
function pasted(line: string): { readonly code: number | null; readonly out: string; readonly err: string } {
  const { status, stdout, stderr } = spawnSync('sh', ['-c', line], {
    cwd: ROOT,
    encoding: 'utf8',
    timeout: DEADLINE_MS,
    env: { ...process.env, npm_config_update_notifier: 'false' },
  });
  return { code: status, out: stdout, err: stderr };
}

const printed = (start: Start, beginning: string) =>
  start
    .out()
    .split('\n')
    .filter((line) => line.trim().startsWith(beginning))
    .map((line) => line.trim());

async function ask(start: Start, path: string, body?: object): Promise<{ [field: string]: unknown }> {
  const [url] = /http:\/\/[\d.:]+/.exec(start.out())!;
  const [, token] = /^token +(\S+)$/m.exec(start.out())!;
  const response = await fetch(`${url}${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return response.json() as Promise<{ [field: string]: unknown }>;
}

const whatIsMine = async (start: Start) => ({
  balances: await ask(start, '/v1/balances'),
  orders: await ask(start, '/v1/orders'),
});

/** Processes that have the data directory among their words. */
function leftBehind(): number {
  const { stdout } = spawnSync('ps', ['-eo', 'args'], { encoding: 'utf8' });
  return stdout.split('\n').filter((words) => words.includes(folder)).length;
}

describe('npm start', () => {
  let first: Start;
  let second: Start;

  it('plays a day into a new data directory, then prints address, token, folder, and lines to paste', async () => {
    first = await ready(npmStart({ SLUICE_DATA_DIR: dataDir, SLUICE_GATEWAY_PORT: '0' }));
    assert.match(first.out(), /^exchange {2}http:\/\/127\.0\.0\.1:\d+\/v1\/symbols$/m);
    assert.match(first.out(), /^token {5}[\w-]{43}$/m);
    assert.ok(first.out().includes(`data      ${dataDir}\n`));
    assert.match(first.err(), /24 hours of thin market run through the graph first/);
    assert.equal(readFileSync(join(dataDir, 'token'), 'utf8').trim(), /^token +(\S+)$/m.exec(first.out())![1]);
    const { candles } = (await ask(first, '/v1/candles/BTC-USD?interval=1h&limit=30')) as { candles: unknown[] };
    assert.ok(candles.length >= 24, 'the chart is not empty');
  });

  it('prints two lines of curl that work as pasted: paper money, then bitcoin', () => {
    const lines = printed(first, 'curl ');
    assert.equal(lines.length, 2);
    const deposit = pasted(lines[0]!);
    assert.equal(deposit.code, 0, deposit.err);
    const { balances } = JSON.parse(deposit.out);
    assert.deepEqual(
      balances.find(({ asset }: { asset: string }) => asset === 'USD'),
      { asset: 'USD', available: '100000', hold: '0', total: '100000' },
    );
    const order = pasted(lines[1]!);
    assert.equal(order.code, 0, order.err);
    const bought = JSON.parse(order.out);
    assert.equal(bought.status, 'filled', order.out);
    assert.ok(Number(bought.executed) > 0 && Number(bought.executed_quote) <= 1000);
  });

  it('prints a line of SQL that works as pasted, and finds the trades of the day', async () => {
    const [line, ...others] = printed(first, 'npx sluice sql ');
    assert.ok(line !== undefined && others.length === 0);
    let answer = pasted(line);
    assert.equal(answer.code, 0, answer.err);
    await eventually('history has the trades', first, () => {
      answer = pasted(line);
      assert.equal(answer.code, 0, answer.err);
      return ['BTC-USD', 'ETH-USD', 'SOL-USD', 'ETH-BTC'].every((symbol) => answer.out.includes(symbol));
    });
  });

  it('refuses a port that is taken by naming its setting, before it does any work', async () => {
    const [, port] = /127\.0\.0\.1:(\d+)/.exec(first.out())!;
    const other = join(folder, 'other');
    const refused = npmStart({ SLUICE_DATA_DIR: other, SLUICE_GATEWAY_PORT: port! });
    assert.equal(await refused.ended, 78, refused.err());
    assert.match(
      refused.err(),
      new RegExp(
        `gateway\\.port: ${port} is in use on 127\\.0\\.0\\.1; set another in pipeline\\.config\\.ts, or SLUICE_GATEWAY_PORT`,
      ),
    );
    assert.match(refused.err(), /see infra\/runbooks\/78-configuration-refused\.md/);
    assert.ok(!refused.err().includes('24 hours'), refused.err());
  });

  it('refuses a data directory that is in use', async () => {
    const refused = npmStart({ SLUICE_DATA_DIR: dataDir, SLUICE_GATEWAY_PORT: '0' });
    assert.equal(await refused.ended, 78, refused.err());
    assert.match(refused.err(), /my data.* in use|in use.*my data/);
  });

  it('after kill -9 and another start has the same balances, orders and trades', async () => {
    const { last } = (await ask(first, '/v1/ticker/BTC-USD')) as { last: string };
    const order = {
      symbol: 'BTC-USD',
      side: 'buy',
      type: 'limit',
      price: `${Math.floor(Number(last) * 0.93)}.00`,
      quantity: '0.1',
      client_order_id: 'before-the-kill',
    };
    const rests = await ask(first, '/v1/orders', order);
    assert.equal(rests.status, 'open', JSON.stringify(rests));
    const before = await whatIsMine(first);
    assert.equal((before.orders.orders as unknown[]).length, 1);
    const status = JSON.parse(pasted(`npx sluice status --json --data '${dataDir}'`).out);
    process.kill(status.processId, 'SIGKILL');
    assert.notEqual(await first.ended, 0);

    second = await ready(npmStart({ SLUICE_DATA_DIR: dataDir, SLUICE_GATEWAY_PORT: '0' }));
    assert.match(second.err(), /recovered [\d,]+ commands/);
    assert.ok(!second.err().includes('24 hours'), 'the day is played once');
    assert.deepEqual(await whatIsMine(second), before);
    const again = await ask(second, '/v1/orders', order);
    assert.deepEqual([again.duplicate, again.order_id], [true, rests.order_id]);
    const [line] = printed(second, 'npx sluice sql ');
    await eventually('history is back', second, () => pasted(line!).code === 0);
  });

  it('ends on Ctrl-C with everything on disk, and leaves no process behind', async () => {
    killGroup(second.child, 'SIGINT');
    await second.ended;
    assert.match(second.err(), /stopped: everything acknowledged is on disk/);
    for (let wait = 0; wait < 100 && leftBehind() > 0; wait++) await sleep(100);
    assert.equal(leftBehind(), 0);
  });
});
