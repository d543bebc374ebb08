/** The first gateway in the process of the embedded exchange: REST on loopback, answered from the views of the main lane. */
import { randomBytes } from 'node:crypto';
import { developmentToken } from '../gateway/identity/development-token.ts';
import { buildRestServer } from '../gateway/rest/rest-server.ts';
import { ExitError } from '../schemas/exit.ts';
import type { GatewayViews } from '../sinks/gateway-views/gateway-views.ts';
import type { GatewayIntake } from '../sources/gateway-intake.ts';
import type { Project } from './load-project.ts';
import type { EmbeddedExchange } from './runtime/embedded/exchange.ts';

export interface EmbeddedGateway {
  readonly url: string;
  readonly token: string;
  close(): Promise<void>;
}

export async function startEmbeddedGateway(exchange: EmbeddedExchange, project: Project): Promise<EmbeddedGateway> {
  const { gateway, admission, candles } = project.config;
  const intake = exchange.sources.get('intake') as GatewayIntake;
  const identity = developmentToken(exchange.options.dataDir);
  const app = await buildRestServer({
    commands: { submit: (command, traceparent) => intake.submit(command, traceparent) },
    views: exchange.sinks.get('gateway') as GatewayViews,
    clock: exchange.options.clock,
    commandExpiryMicros: admission.expiryMicros,
    candleIntervals: candles,
    accountOf: identity.accountOf,
    newId: () => randomBytes(16).toString('hex'),
  });
  try {
    const url = await app.listen({ host: gateway.host, port: gateway.port });
    return { url, token: identity.token, close: () => app.close() };
  } catch (error) {
    if ((error as { readonly code?: string }).code !== 'EADDRINUSE') throw error;
    throw new ExitError(
      78,
      `gateway.port: ${gateway.port} is in use on ${gateway.host}; set another in pipeline.config.ts, or SLUICE_GATEWAY_PORT`,
    );
  }
}
