/**
 * The real head on a data directory of its own, and the real gateway in front of it, asked through `inject`. Time stands
 * still unless a test moves it, so a state hash says whether a request changed anything.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { FastifyInstance } from 'fastify';
import { buildRestServer } from '../../gateway/rest/rest-server.ts';
import { gatewayPartsOf } from '../../pipelines/embedded-gateway.ts';
import { loadProject } from '../../pipelines/load-project.ts';
import type { EmbeddedExchange } from '../../pipelines/runtime/embedded/exchange.ts';
import { nodeDisk } from '../../pipelines/runtime/outside/node-disk.ts';
import { startExchange } from '../../pipelines/start-exchange.ts';
import type { AccountId, Admin, Micros, Sequence, SymbolId } from '../../schemas/generated/records.ts';
import type { GatewayIntake } from '../../sources/gateway-intake.ts';
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

/** `at`: an earlier gateway's data directory and clock. */
export async function runGateway(at?: Pick<RunningGateway, 'dataDir' | 'clock'>): Promise<RunningGateway> {
  const dataDir = at?.dataDir ?? mkdtempSync(join(tmpdir(), 'sluice-gateway-'));
  const clock = at?.clock ?? new ManualClock(START_MICROS);
  const project = await loadProject(PROJECT);
  const failures: unknown[] = [];
  const started = await startExchange({
    project,
    dataDir,
    disk: nodeDisk(),
    clock,
    say: () => {},
    fail: (error) => {
      throw error;
    },
  });
  const { exchange } = started;
  let ids = 0;
  const app = await buildRestServer({
    ...gatewayPartsOf(exchange, project),
    accountOf: (token) => {
      const account = /^account-(\d+)$/.exec(token)?.[1];
      return account === undefined ? undefined : (Number(account) as AccountId);
    },
    newId: () => `id-${process.pid}-${exchange.head.commands}-${ids++}`,
    failed: (error) => failures.push(error),
  });
  const intake = exchange.sources.get('intake') as GatewayIntake;

  async function ask(account: number, method: string, url: string, body?: unknown): Promise<Answer> {
    const response = await app.inject({
      method: method as 'GET',
      url,
      headers: {
        ...(account === 0 ? {} : { authorization: `Bearer ${tokenOf(account)}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { payload: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    return { status: response.statusCode, body: response.json(), headers: response.headers };
  }

  return {
    app,
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
    },
    hashes: () =>
      Object.fromEntries(
        exchange.head.inboxes.flatMap(({ instances }) =>
          instances.map(({ stage, partition, operator }) => [`${stage}/${partition}`, operator.stateHash()]),
        ),
      ),
    async stop({ keepData } = { keepData: false }) {
      await app.close();
      await started.stop();
      if (!keepData) rmSync(dataDir, { recursive: true, force: true });
      assert.deepEqual(failures, []);
    },
  };
}
