/** REST: the routes of the table on a server of our own settings. Built without a port, so tests may inject. */
import type { FastifyInstance } from 'fastify';
import { LocalLimiter } from '../limits/local-limiter.ts';
import { watchLoop } from '../limits/loop-pressure.ts';
import type { GatewayParts } from '../ports.ts';
import { plainServer } from './plain-server.ts';
import type { AnyRoute } from './route.ts';
import { descriptionRoutes } from './routes/description.ts';
import { restRoutes } from './routes.ts';
import { serveRoutes } from './serve-routes.ts';

/** `also`: routes of other rooms, such as those of identity. They are served and described like our own. */
export async function buildRestServer(parts: GatewayParts, also: readonly AnyRoute[] = []): Promise<FastifyInstance> {
  const { trustedProxies } = parts;
  const app = plainServer(parts, trustedProxies === undefined ? {} : { trustedProxies });
  const limiter = parts.limiter ?? new LocalLimiter({ clock: parts.clock });
  const pressure = watchLoop();
  app.addHook('onClose', async () => pressure.stop());
  serveRoutes(app, { ...parts, limiter, pressure }, servedRoutes(also));
  return app;
}

/** All that such a server has, the description of it included. */
export function servedRoutes(also: readonly AnyRoute[] = []): readonly AnyRoute[] {
  const routes = [...restRoutes, ...also];
  return [...routes, ...descriptionRoutes(routes)];
}
