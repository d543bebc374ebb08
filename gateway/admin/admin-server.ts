/** The listener of operators: an address of its own, nothing on it but their routes, nobody in it but they. */
import type { FastifyInstance } from 'fastify';
import type { Identity } from '../identity/identity.ts';
import { UnavailableError } from '../identity/unavailable.ts';
import { LocalLimiter } from '../limits/local-limiter.ts';
import type { GatewayParts, PipelineView } from '../ports.ts';
import { plainServer } from '../rest/plain-server.ts';
import { serveRoutes } from '../rest/serve-routes.ts';
import { ActionLog } from './action-log.ts';
import { Adjustments } from './adjustments.ts';
import { adminRoutes } from './admin-routes.ts';
import { type LagBounds, LagPolicy } from './lag-policy.ts';
import { OperatorOrders } from './operator-orders.ts';

const ROUND_MS = 1_000;

export interface AdminOptions {
  readonly identity: Identity;
  /** Undefined: settlement may lag as it likes. */
  readonly lag?: LagBounds | undefined;
  /** Sink whose lag is settlement's. */
  readonly settlement: string;
  /** Port of the gateway whose page may ask from a browser; asked at each request, as it may be any that is free. */
  readonly pagePort: () => number | undefined;
  readonly say: (line: string) => void;
}

export interface AdminServer {
  readonly app: FastifyInstance;
  readonly actions: ActionLog;
  readonly policy: LagPolicy | undefined;
  /** One round of what goes on beside requests: lag, the list of actions, approved adjustments that were not answered. */
  round(): Promise<void>;
  /** Rounds, once a second. */
  start(): void;
  close(): Promise<void>;
}

export function buildAdminServer(parts: GatewayParts, options: AdminOptions): AdminServer {
  const { identity, lag, settlement, say } = options;
  const database = parts.database?.as('identity');
  const orders = new OperatorOrders(parts.control, parts.views);
  const actions = new ActionLog(database, parts.views, parts.epoch);
  const adjustments = new Adjustments(database, parts.commands, parts.clock);
  const policy = lag && new LagPolicy(lag, orders, parts.views);
  let settlementMs: number | undefined;
  let said = '';
  let timer: NodeJS.Timeout | undefined;
  let rounds = Promise.resolve();
  const monotonicMs = () => parts.clock.nowMicros() / 1000;
  const stopHearing = parts.feed.hear((batch) => actions.hear(batch, monotonicMs()));

  const app = plainServer(parts);
  allowPage(app, options.pagePort);
  const limiter = parts.limiter ?? new LocalLimiter({ clock: parts.clock });
  serveRoutes(
    app,
    { ...parts, limiter, authenticator: identity },
    adminRoutes({
      gateway: parts,
      identity,
      orders,
      actions,
      adjustments,
      lag: () => ({ state: policy?.state ?? 'off', settlementMs }),
    }),
  );

  async function oneRound(): Promise<void> {
    try {
      settlementMs = lagOf(await parts.telemetry.pipeline(), settlement);
      if (policy && settlementMs !== undefined) {
        const before = policy.state;
        await policy.step(settlementMs);
        if (policy.state !== before)
          say(`lag policy: ${policy.state}, settlement is ${Math.round(settlementMs)} ms behind`);
      }
      await actions.write(monotonicMs());
      await adjustments.carryOutRest();
      said = '';
    } catch (error) {
      // Away or full for now: the next round tries again. Anything else is a fault of ours, said once.
      const { name, message } = error as Error;
      if (error instanceof UnavailableError || name === 'Overloaded' || name === 'AnswerLate' || message === said)
        return;
      said = message;
      say(`admin: a round failed: ${message}`);
    }
  }
  const round = (): Promise<void> => {
    rounds = rounds.then(oneRound);
    return rounds;
  };
  return {
    app,
    actions,
    policy,
    round,
    start() {
      const again = (): void => {
        timer = setTimeout(() => {
          void round().finally(() => {
            if (timer) again();
          });
        }, ROUND_MS);
        timer.unref();
      };
      again();
    },
    async close() {
      clearTimeout(timer);
      timer = undefined;
      stopHearing();
      await app.close();
      await rounds;
    },
  };
}

function lagOf({ sinks }: PipelineView, settlement: string): number | undefined {
  return sinks.find(({ sink }) => sink === settlement)?.lagMs;
}

/** The page of the gateway on the same host may ask from a browser, with a token in a header; no cookie counts here. */
function allowPage(app: FastifyInstance, pagePort: () => number | undefined): void {
  app.addHook('onRequest', async (request, reply) => {
    const { origin, host } = request.headers;
    reply.headers({ 'Cache-Control': 'no-store', Vary: 'Origin' });
    if (origin === undefined || !isPage(origin, host, pagePort())) return;
    reply.header('Access-Control-Allow-Origin', origin);
    if (request.method !== 'OPTIONS') return;
    reply.headers({
      'Access-Control-Allow-Methods': 'GET, POST',
      'Access-Control-Allow-Headers': 'authorization, content-type',
      'Access-Control-Max-Age': '600',
    });
    return reply.code(204).send();
  });
}

function isPage(origin: string, host: string | undefined, pagePort: number | undefined): boolean {
  if (host === undefined || pagePort === undefined) return false;
  if (!URL.canParse(origin) || !URL.canParse(`http://${host}`)) return false;
  const page = new URL(origin);
  const port = page.port === '' ? (page.protocol === 'https:' ? 443 : 80) : Number(page.port);
  return page.origin === origin && page.hostname === new URL(`http://${host}`).hostname && port === pagePort;
}
