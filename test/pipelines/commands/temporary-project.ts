/**
 * Projects of a test: a folder with a configuration, a topology and operators, whose imports lead back here; and the
 * command run in it, in this process.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { main } from '../../../pipelines/commands/sluice.ts';

export const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

export interface Ran {
  readonly code: number;
  /** Lines of data, and of notice. */
  readonly out: readonly string[];
  readonly err: readonly string[];
}

const folders: string[] = [];

/** Files by path, `ROOT/` in them being this project. */
export function temporaryProject(files: { readonly [path: string]: string }): string {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-project-'));
  folders.push(folder);
  for (const [path, text] of Object.entries(files)) writeProjectFile(folder, path, text);
  return folder;
}

export function writeProjectFile(folder: string, path: string, text: string): void {
  const file = join(folder, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text.replaceAll('ROOT/', pathToFileURL(ROOT).href));
}

export function removeProjects(): void {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
}

/** The command in a folder. Its own exit is its answer; nothing is spawned. */
export async function sluice(folder: string, ...args: string[]): Promise<Ran> {
  const before = process.cwd();
  const [out, err]: [string[], string[]] = [[], []];
  process.chdir(folder);
  try {
    const code = await main(args, {
      out: (line) => out.push(...line.split('\n')),
      err: (line) => err.push(...line.split('\n')),
      terminal: false,
      signal: new AbortController().signal,
    });
    return { code, out, err };
  } finally {
    process.chdir(before);
  }
}

export interface RunningExchange {
  readonly url: string;
  readonly token: string;
  /** Notices so far. */
  readonly err: readonly string[];
  /** A request with the token. A body makes it a POST. */
  // biome-ignore lint/suspicious/noExplicitAny: a test reads the payload that it expects.
  ask(path: string, body?: unknown): Promise<any>;
  /** As by an interrupt. */
  stop(): Promise<Ran>;
}

/** `sluice run` in a folder, in this process, until it is ready; or its answer where it refused to start. */
export async function runExchange(folder: string, ...args: string[]): Promise<RunningExchange | Ran> {
  const interrupt = new AbortController();
  const [out, err]: [string[], string[]] = [[], []];
  let ready: () => void = () => {};
  const isReady = new Promise<void>((resolve) => {
    ready = resolve;
  });
  const before = process.cwd();
  process.chdir(folder);
  const ended = main(['run', ...args], {
    out: (line) => {
      out.push(...line.split('\n'));
      if (line.startsWith('Ctrl-C')) ready();
    },
    err: (line) => err.push(...line.split('\n')),
    terminal: false,
    signal: interrupt.signal,
  }).then((code) => ({ code, out, err }));
  const refused = await Promise.race([ended, isReady]);
  process.chdir(before);
  if (refused) return refused;
  const said = (word: string) =>
    out
      .find((line) => line.startsWith(`${word} `))!
      .slice(word.length)
      .trim();
  const url = said('exchange').replace('/v1/symbols', '');
  const token = said('token');
  return {
    url,
    token,
    err,
    async ask(path, body) {
      const response = await fetch(`${url}${path}`, {
        method: body === undefined ? 'GET' : 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      return response.json();
    },
    stop() {
      interrupt.abort();
      return ended;
    },
  };
}

/** The same, where a refusal is a failure of the test. */
export async function started(folder: string, ...args: string[]): Promise<RunningExchange> {
  const running = await runExchange(folder, ...args);
  if ('code' in running) throw new Error(`it did not start (${running.code}):\n${running.err.join('\n')}`);
  return running;
}

/** A configuration without a fault, as text. */
export const PLAIN_CONFIG = `import { defineConfig, embedded } from 'ROOT/schemas/config.ts';

export default defineConfig({
  pipeline: 'plain',
  assets: {
    USD: { decimals: 7, show: 2 },
    BTC: { decimals: 9, show: 8 },
  },
  symbols: {
    'BTC-USD': { tick: '0.01', lot: '0.00001', notional: ['5', '5000000'], fees: 'standard' },
  },
  fees: {
    standard: { version: 1, maker: '10 bps', taker: '15 bps', in: 'quote' },
  },
  limits: { openOrders: 200, orders: '50/s' },
  partitions: { accounts: 2 },
  gateway: { port: 0 },
  backends: embedded('./data'),
});
`;

/** The head of the exchange and nothing behind it. */
export const PLAIN_TOPOLOGY = `import { admitCommands } from 'ROOT/operators/admit-commands.ts';
import { checkRisk } from 'ROOT/operators/check-risk.ts';
import { fanOutControl } from 'ROOT/operators/fan-out-control.ts';
import { matchOrders } from 'ROOT/operators/match-orders.ts';
import { AccountCommand, AccountEvent, ControlRecord, MarketEvent, OrderCommand } from 'ROOT/schemas/logs.ts';
import { gatewayViews } from 'ROOT/sinks/gateway-views/gateway-views.ts';
import { ticks } from 'ROOT/sources/clock-ticks.ts';
import { configurationChanges } from 'ROOT/sources/configuration-changes.ts';
import { gatewayIntake } from 'ROOT/sources/gateway-intake.ts';
import { topology } from 'ROOT/pipelines/runtime/graph.ts';

export default topology('plain', ({ log, source, stage, sink }) => {
  const commands = log('commands', AccountCommand, { key: 'account' });
  const orders = log('orders', OrderCommand, { key: 'symbol' });
  const market = log('market', MarketEvent, { key: 'symbol' });
  const accounts = log('accounts', AccountEvent, { key: 'account' });
  const control = log('control', ControlRecord);

  const intake = source('intake', gatewayIntake());
  const clock = source('clock', ticks('1s'));
  const config = source('config', configurationChanges());

  const steer = stage('steer', fanOutControl(), { in: control });
  const ingest = stage('ingest', admitCommands(), { in: commands });
  const risk = stage('risk', checkRisk(), { in: ingest.admitted });
  const match = stage('match', matchOrders(), { in: orders });

  control.takes(intake.control, clock.ticks, config.changes);
  commands.takes(intake.commands, steer.accounts, match.fills);
  orders.takes(risk.accepted, steer.symbols);
  market.takes(match.events);
  accounts.takes(ingest.rejected, risk.events);

  sink('gateway', gatewayViews(), { in: [market, accounts] });
});
`;

export const PLAIN_PROJECT = { 'pipeline.config.ts': PLAIN_CONFIG, 'pipelines/plain.ts': PLAIN_TOPOLOGY };
