/** The first gateway in the process of the embedded exchange: REST on loopback, answered from the views of the main lane. */
import { randomBytes } from 'node:crypto';
import { createServer } from 'node:net';
import { developmentToken } from '../gateway/identity/development-token.ts';
import type { GatewayParts } from '../gateway/ports.ts';
import { buildRestServer } from '../gateway/rest/rest-server.ts';
import { ExitError } from '../schemas/exit.ts';
import type { GatewayViews } from '../sinks/gateway-views/gateway-views.ts';
import type { GatewayIntake } from '../sources/gateway-intake.ts';
import { exchangeTelemetry } from './exchange-telemetry.ts';
import type { Project } from './load-project.ts';
import type { EmbeddedExchange } from './runtime/embedded/exchange.ts';
import { exchangeStatus } from './runtime/embedded/exchange-status.ts';

export interface EmbeddedGateway {
  readonly url: string;
  readonly token: string;
  close(): Promise<void>;
}

/** `say` is told of requests that failed by a fault of ours. Throws `ExitError` 78 where it cannot listen. */
export async function startEmbeddedGateway(
  exchange: EmbeddedExchange,
  project: Project,
  say: (line: string) => void,
): Promise<EmbeddedGateway> {
  const { gateway } = project.config;
  const identity = developmentToken(exchange.options.dataDir);
  const app = await buildRestServer({
    ...gatewayPartsOf(exchange, project),
    accountOf: identity.accountOf,
    newId: () => randomBytes(16).toString('hex'),
    failed: (error, requestId) =>
      say(`gateway: request ${requestId} failed: ${error instanceof Error ? (error.stack ?? error.message) : error}`),
  });
  try {
    const url = await app.listen({ host: gateway.host, port: gateway.port });
    return { url, token: identity.token, close: () => app.close() };
  } catch (error) {
    await app.close();
    throw listenRefusal(error, gateway);
  }
}

/** What a gateway needs of the exchange in this process. */
export function gatewayPartsOf(
  exchange: EmbeddedExchange,
  { config }: Project,
): Omit<GatewayParts, 'accountOf' | 'newId' | 'failed'> {
  const intake = exchange.sources.get('intake') as GatewayIntake;
  const submit: GatewayParts['commands']['submit'] = (command, traceparent) => intake.submit(command, traceparent);
  return {
    commands: {
      submit,
      submitBatch: (commands, traceparent) =>
        Promise.all(
          commands.map((command) =>
            submit(command, traceparent).catch((error: unknown) => {
              if ((error as Error).name === 'Overloaded') return undefined;
              throw error;
            }),
          ),
        ),
    },
    control: { steer: (order) => intake.steer(order) },
    feed: {
      hear(listener) {
        let hearing = true;
        exchange.runner.hear(['market', 'accounts', 'control'], (batch) => {
          if (hearing) listener(batch);
        });
        return () => {
          hearing = false;
        };
      },
    },
    views: exchange.sinks.get('gateway') as GatewayViews,
    telemetry: exchangeTelemetry({
      status: async () => exchangeStatus(exchange),
      graph: exchange.options.graph,
      clock: exchange.options.clock,
    }),
    clock: exchange.options.clock,
    commandExpiryMicros: config.admission.expiryMicros,
    candleIntervals: config.candles,
  };
}

/**
 * Whether the gateway will be able to listen, asked before anything else is started: a busy port is told in a second, not
 * after a day of market was played. Throws `ExitError` 78 that names the setting.
 */
export async function probeGatewayAddress({ host, port }: Project['config']['gateway']): Promise<void> {
  const probe = createServer();
  try {
    await new Promise<void>((resolve, reject) => {
      probe.once('error', reject);
      probe.listen({ host, port }, resolve);
    });
  } catch (error) {
    throw listenRefusal(error, { host, port });
  }
  await new Promise((resolve) => probe.close(resolve));
}

function listenRefusal(error: unknown, { host, port }: Project['config']['gateway']): unknown {
  const setting = {
    EADDRINUSE: `gateway.port: ${port} is in use on ${host}; set another in pipeline.config.ts, or SLUICE_GATEWAY_PORT`,
    EACCES: `gateway.port: ${port} on ${host} may not be used by this user; set one above 1023 in pipeline.config.ts, or SLUICE_GATEWAY_PORT`,
    EADDRNOTAVAIL: `gateway.host: ${host} is no address of this machine; set another in pipeline.config.ts, or SLUICE_GATEWAY_HOST`,
    ENOTFOUND: `gateway.host: ${host} is not known; set an address in pipeline.config.ts, or SLUICE_GATEWAY_HOST`,
  }[(error as { readonly code?: string }).code ?? ''];
  return setting === undefined ? error : new ExitError(78, setting, { cause: error });
}
