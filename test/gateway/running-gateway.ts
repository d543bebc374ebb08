/**
 * The real head on a data directory of its own, and the real gateway beside the real lane of its views, both in this
 * thread and asked through `inject`. Time stands still unless a test moves it, so a state hash says whether a request
 * changed anything.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { FastifyInstance } from 'fastify';
import type { LimiterRates } from '../../gateway/limits/local-limiter.ts';
import { LocalLimiter } from '../../gateway/limits/local-limiter.ts';
import { pipelineRoutes } from '../../gateway/pipeline/pipeline-routes.ts';
import type { GatewayParts } from '../../gateway/ports.ts';
import { buildRestServer } from '../../gateway/rest/rest-server.ts';
import { gatewayPartsOf } from '../../pipelines/gateway-parts.ts';
import { loadProject } from '../../pipelines/load-project.ts';
import type { EmbeddedExchange } from '../../pipelines/runtime/embedded/exchange.ts';
import { nodeDisk } from '../../pipelines/runtime/outside/node-disk.ts';
import type { LaneHost } from '../../pipelines/runtime/ports.ts';
import { startExchange } from '../../pipelines/start-exchange.ts';
import type { AccountId, Admin, Micros, Sequence, SymbolId } from '../../schemas/generated/records.ts';
import type { GatewayIntake } from '../../sources/gateway-intake.ts';
import { assertAsDeclared } from './answers-as-declared.ts';
import { ManualClock } from './manual-clock.ts';

export const PROJECT = fileURLToPath(new URL('./rest-project/', import.meta.url));
/** 2026-03-01T00:00:00Z */
export const START_MICROS = 1_772_323_200_000_000;

/** Whose requests they are: a token of this form belongs to this account. */
export const tokenOf = (account: number) => `account-${account}`;

export interface Answer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: a test reads the payload that it expects.
  readonly body: any;
  readonly headers: { readonly [name: string]: unknown };
}

export interface RunningGateway {
  readonly app: FastifyInstance;
  /** What the gateway is built from. */
  readonly parts: GatewayParts;
  readonly exchange: EmbeddedExchange;
  readonly clock: ManualClock;
  readonly dataDir: string;
  /** Faults of ours that requests met; empty in every test. */
  readonly failures: unknown[];
  /** A request of an account; `0`: without a token. A body that is not a string is sent as JSON. */
  ask(account: number, method: string, url: string, body?: unknown): Promise<Answer>;
  /** Paper money of an asset. */
  fund(account: number, asset: string, amount: string): Promise<void>;
  /** Time goes on, with a tick a second, and everything that brings is durable. */
  advance(seconds: number): Promise<void>;
  steer(order: Partial<Admin>): Promise<void>;
  /** Of every stage of the head. */
  hashes(): { readonly [stage: string]: string };
  /** Leaves nothing behind, unless the data directory is to be kept for another one. */
  stop(options?: { readonly keepData: boolean }): Promise<void>;
}

const WIDE = { size: 1e9, perSecond: 1e9 };
const WIDE_CLASSES = { read: WIDE, order: WIDE, cancel: WIDE, login: WIDE };
/** Time stands still in a test, so no bucket fills again: nobody meets a limit that a test does not speak of. */
const WIDE_RATES: LimiterRates = { key: WIDE_CLASSES, account: WIDE_CLASSES, address: WIDE_CLASSES };

/** `at`: an earlier gateway's data directory and clock. `rates`: limits of clients, none unless given. `folder`: of another project. */
export async function runGateway(
  at?: Pick<RunningGateway, 'dataDir' | 'clock'>,
  rates: LimiterRates = WIDE_RATES,
  folder: string = PROJECT,
): Promise<RunningGateway> {
  const dataDir = at?.dataDir ?? mkdtempSync(join(tmpdir(), 'sluice-gateway-'));
  const clock = at?.clock ?? new ManualClock(START_MICROS);
  const project = await loadProject(folder);
  const failures: unknown[] = [];
  let ids = 0;
  let app: FastifyInstance | undefined;
  let parts: GatewayParts | undefined;
  let readAll: () => Promise<void> = async () => {};
  const started = await startExchange({
    project,
    dataDir,
    disk: nodeDisk(),
    clock,
    hosts: {
      gateway: {
        settings: undefined,
        async open(context): Promise<LaneHost> {
          const { parts: hosted, commands, close } = gatewayPartsOf(context);
          parts = {
            ...hosted,
            limiter: new LocalLimiter({ clock, rates }),
            accountOf: (token) => {
              const account = /^account-(\d+)$/.exec(token)?.[1];
              return account === undefined ? undefined : (Number(account) as AccountId);
            },
            newId: () => `id-${process.pid}-${exchange.head.commands}-${ids++}`,
            failed: (error) => failures.push(error),
          };
          app = await buildRestServer(parts, pipelineRoutes);
          const waiters: (() => void)[] = [];
          let reads = 0;
          // The lane has read all that was durable at a call once it has begun to read after it, and got to the end.
          readAll = async () => {
            const from = reads;
            while (reads < from + 2) await new Promise<void>((resolve) => waiters.push(resolve));
          };
          return {
            reading: () => commands.reading(),
            delivered(blocks, atEnd) {
              commands.delivered(blocks, atEnd);
              if (!atEnd) return;
              reads++;
              for (const resolve of waiters.splice(0)) resolve();
            },
            get waiting() {
              return commands.waiting || waiters.length > 0;
            },
            facts: undefined,
            close,
          };
        },
      },
    },
    say: () => {},
    fail: (error) => {
      throw error;
    },
  });
  const { exchange } = started;
  await exchange.hostOpen('gateway');
  const server = app!;
  const intake = exchange.sources.get('intake') as GatewayIntake;

  async function ask(account: number, method: string, url: string, body?: unknown): Promise<Answer> {
    const response = await server.inject({
      method: method as 'GET',
      url,
      headers: {
        ...(account === 0 ? {} : { authorization: `Bearer ${tokenOf(account)}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { payload: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const answer = { status: response.statusCode, body: response.json(), headers: response.headers };
    assertAsDeclared({ method, url, ...answer });
    return answer;
  }

  return {
    app: server,
    parts: parts!,
    exchange,
    clock,
    dataDir,
    failures,
    ask,
    async fund(account, asset, amount) {
      const { status, body } = await ask(account, 'POST', '/v1/paper-deposits', { asset, amount });
      assert.equal(status, 201, JSON.stringify(body));
    },
    async advance(seconds) {
      clock.advance(seconds);
      await exchange.flush();
      await readAll();
    },
    async steer(order) {
      await intake.steer({
        type: 'admin',
        symbol: 0 as SymbolId,
        seq: 0 as Sequence,
        account: 0 as AccountId,
        action: 'set_market_state',
        marketState: null,
        accountState: null,
        tradeGroup: 0,
        until: 0 as Micros,
        reason: 'a test',
        requestedBy: 'test',
        approvedBy: '',
        ...order,
      });
      await readAll();
    },
    hashes: () =>
      Object.fromEntries(
        exchange.head.inboxes.flatMap(({ instances }) =>
          instances.map(({ stage, partition, operator }) => [`${stage}/${partition}`, operator.stateHash()]),
        ),
      ),
    async stop({ keepData } = { keepData: false }) {
      await server.close();
      await started.stop();
      if (!keepData) rmSync(dataDir, { recursive: true, force: true });
      assert.deepEqual(failures, []);
    },
  };
}
