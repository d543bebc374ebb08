/** The gateway of the embedded exchange: it lives in the thread of the lane that keeps its views. */
import { randomBytes } from 'node:crypto';
import { developmentToken } from '../gateway/identity/development-token.ts';
import { Identity } from '../gateway/identity/identity.ts';
import { identityRoutes } from '../gateway/identity/identity-routes.ts';
import type { GatewayParts } from '../gateway/ports.ts';
import { gatewayPartsOf } from './gateway-parts.ts';
import type { Project } from './load-project.ts';
import type { HostContext, LaneHost } from './runtime/ports.ts';
import { serveAdmin } from './serve-admin.ts';
import { serveGateway } from './serve-gateway.ts';

/** What the gateway says of itself once it serves. */
export interface GatewayFacts {
  readonly url: string;
  readonly token: string;
  /** Where operators are listened to. */
  readonly adminUrl: string;
}

/** Throws `ExitError` 78 where it cannot listen. */
export default async function openEmbeddedGateway(context: HostContext): Promise<LaneHost> {
  const { gateway, settlementLag } = context.config as Project['config'];
  const { parts, commands, close } = gatewayPartsOf(context);
  const { token, accountOf } = developmentToken(context.dataDir);
  const identity = new Identity({
    ...parts,
    database: parts.database?.as('identity'),
    dataDir: context.dataDir,
    revokedBefore: parts.views.revoked,
    accountOf,
    say: context.say,
  });
  identity.start();
  const whole: GatewayParts = {
    ...parts,
    accountOf,
    authenticator: identity,
    newId: () => randomBytes(16).toString('hex'),
    failed: (error, requestId) =>
      context.say(
        `gateway: request ${requestId} failed: ${error instanceof Error ? (error.stack ?? error.message) : error}`,
      ),
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
      say: context.say,
    },
    { host: gateway.host, port: gateway.adminPort },
  );
  const served = await serveGateway(whole, gateway, identityRoutes(identity), {
    say: context.say,
    adminPort: Number(new URL(admin.url).port),
  }).catch(async (error: unknown) => {
    await admin.close();
    throw error;
  });
  pagePort = Number(new URL(served.url).port);
  return {
    reading: () => commands.reading(),
    delivered: (blocks, atEnd) => commands.delivered(blocks, atEnd),
    get waiting() {
      return commands.waiting;
    },
    facts: { url: served.url, token, adminUrl: admin.url } satisfies GatewayFacts,
    async close() {
      await served.close();
      await admin.close();
      identity.close();
      await close();
    },
  };
}
