/** A gateway from its parts: who may come in, the listener of operators, and the one of clients. The same in every form of the exchange. */
import { randomBytes } from 'node:crypto';
import { developmentToken } from '../gateway/identity/development-token.ts';
import { Identity } from '../gateway/identity/identity.ts';
import { identityRoutes } from '../gateway/identity/identity-routes.ts';
import type { GatewayParts } from '../gateway/ports.ts';
import type { Project } from './load-project.ts';
import { serveAdmin } from './serve-admin.ts';
import { serveGateway } from './serve-gateway.ts';

/** What the gateway says of itself once it serves. */
export interface GatewayFacts {
  readonly url: string;
  readonly token: string;
  /** Where operators are listened to. */
  readonly adminUrl: string;
}

export interface GatewayPlace {
  readonly config: Project['config'];
  readonly dataDir: string;
  readonly say: (line: string) => void;
}

export interface OpenGateway {
  readonly facts: GatewayFacts;
  /** For `sluice status`. */
  figures(): { readonly [nameWithUnit: string]: number };
  close(): Promise<void>;
}

/** Throws `ExitError` 78 where it cannot listen. */
export async function openGateway(
  parts: Omit<GatewayParts, 'accountOf' | 'newId' | 'failed'>,
  { config, dataDir, say }: GatewayPlace,
): Promise<OpenGateway> {
  const { gateway, settlementLag } = config;
  const { token, accountOf } = developmentToken(dataDir);
  const identity = new Identity({
    ...parts,
    database: parts.database?.as('identity'),
    dataDir: dataDir,
    revokedBefore: parts.views.revoked,
    accountOf,
    say: say,
  });
  identity.start();
  const whole: GatewayParts = {
    ...parts,
    accountOf,
    authenticator: identity,
    newId: () => randomBytes(16).toString('hex'),
    failed: (error, requestId) =>
      say(`gateway: request ${requestId} failed: ${error instanceof Error ? (error.stack ?? error.message) : error}`),
  };
  const { throttleAboveMs, haltAboveMs } = settlementLag;
  let pagePort: number | undefined;
  const admin = await serveAdmin(
    whole,
    {
      identity,
      lag: throttleAboveMs > 0 || haltAboveMs > 0 ? settlementLag : undefined,
      settlement: 'ledger',
      pagePort: () => pagePort,
      say: say,
    },
    { host: gateway.host, port: gateway.adminPort },
  );
  const served = await serveGateway(whole, gateway, identityRoutes(identity), {
    say: say,
    adminPort: Number(new URL(admin.url).port),
  }).catch(async (error: unknown) => {
    await admin.close();
    throw error;
  });
  pagePort = Number(new URL(served.url).port);
  return {
    facts: { url: served.url, token, adminUrl: admin.url },
    figures: () => served.figures(),
    async close() {
      await served.close();
      await admin.close();
      identity.close();
    },
  };
}
