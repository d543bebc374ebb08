/** The listener of operators beside a gateway: an address of its own. */
import { createServer } from 'node:net';
import { type AdminOptions, buildAdminServer } from '../gateway/admin/admin-server.ts';
import type { GatewayParts } from '../gateway/ports.ts';
import { ExitError } from '../schemas/exit.ts';
import type { ListenAddress, ServedGateway } from './serve-gateway.ts';

/** Throws `ExitError` 78 where it cannot listen. */
export async function serveAdmin(
  parts: GatewayParts,
  options: AdminOptions,
  address: ListenAddress,
): Promise<ServedGateway> {
  const server = buildAdminServer(parts, options);
  try {
    const url = await server.app.listen({ ...address });
    server.start();
    return { url, close: () => server.close() };
  } catch (error) {
    await server.close();
    throw listenRefusal(error, address);
  }
}

/** Whether operators can be listened to, asked before anything else is started. Throws `ExitError` 78. */
export async function probeAdminAddress(address: ListenAddress): Promise<void> {
  const probe = createServer();
  try {
    await new Promise<void>((resolve, reject) => {
      probe.once('error', reject);
      probe.listen({ ...address }, resolve);
    });
  } catch (error) {
    throw listenRefusal(error, address);
  }
  await new Promise((resolve) => probe.close(resolve));
}

function listenRefusal(error: unknown, { host, port }: ListenAddress): unknown {
  const code = (error as { readonly code?: string }).code;
  if (code !== 'EADDRINUSE' && code !== 'EACCES') return error;
  const why = code === 'EADDRINUSE' ? `is in use on ${host}` : `on ${host} may not be used by this user`;
  const setting = `gateway.adminPort: ${port} ${why}; set another in pipeline.config.ts, or SLUICE_GATEWAY_ADMIN_PORT`;
  return new ExitError(78, setting, { cause: error });
}
