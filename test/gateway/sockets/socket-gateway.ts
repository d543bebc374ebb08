/** The real exchange with a gateway that listens, for clients on real sockets. */
import type { AddressInfo } from 'node:net';
import { createClient } from '../../../gateway/client/create-client.ts';
import type { Client, ExchangeSocket } from '../../../gateway/client/types.ts';
import type { Authenticator } from '../../../gateway/identity/principal.ts';
import { attachSockets, type SocketOptions, type Sockets } from '../../../gateway/sockets/attach-sockets.ts';
import { type RunningGateway, runGateway, tokenOf } from '../running-gateway.ts';

export interface SocketGateway extends RunningGateway {
  readonly url: string;
  readonly sockets: Sockets;
  /** Of an account; 0: nobody's. Closed with the gateway. */
  client(account: number): Client;
  /** Open. */
  socket(account: number): Promise<ExchangeSocket>;
}

export async function runSocketGateway(
  options: SocketOptions & {
    readonly at?: Pick<RunningGateway, 'dataDir' | 'clock'>;
    readonly authenticator?: Authenticator;
    readonly port?: number;
  } = {},
): Promise<SocketGateway> {
  const gateway = await runGateway(options.at);
  const sockets = attachSockets(
    gateway.app.server,
    { ...gateway.parts, ...(options.authenticator === undefined ? {} : { authenticator: options.authenticator }) },
    options,
  );
  await gateway.app.listen({ host: '127.0.0.1', port: options.port ?? 0 });
  const { port } = gateway.app.server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;
  const clients: Client[] = [];
  const client = (account: number): Client => {
    const made = createClient({
      url,
      ...(account === 0 ? {} : { credentials: { kind: 'token', token: tokenOf(account) } as const }),
    });
    clients.push(made);
    return made;
  };
  return {
    ...gateway,
    url,
    sockets,
    client,
    async socket(account) {
      const socket = client(account).socket();
      await socket.ready();
      return socket;
    },
    async stop(keep) {
      for (const one of clients) one.close();
      await sockets.close();
      await gateway.stop(keep);
    },
  };
}

/** Resolves once `holds` does; throws after `withinMs`. */
export async function eventually(holds: () => boolean, what: string, withinMs = 8_000): Promise<void> {
  const untilMs = performance.now() + withinMs;
  while (!holds()) {
    if (performance.now() > untilMs) throw new Error(`in ${withinMs} ms it did not come about that ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
