/** The gateway of a bench: the real sockets in the thread of the real lane, and a token for every account. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { attachSockets } from '../../../gateway/sockets/attach-sockets.ts';
import { DEFAULT_LIMITS } from '../../../gateway/sockets/socket-hub.ts';
import { gatewayPartsOf } from '../../../pipelines/gateway-parts.ts';
import type { HostContext, LaneHost } from '../../../pipelines/runtime/ports.ts';
import type { AccountId } from '../../../schemas/generated/records.ts';

export default async function openBenchGateway(context: HostContext): Promise<LaneHost> {
  const { parts, commands, close } = gatewayPartsOf(context);
  const server = createServer();
  let ids = 0;
  const sockets = attachSockets(
    server,
    {
      ...parts,
      accountOf: (token) => Number(/^account-(\d+)$/.exec(token)?.[1]) as AccountId,
      newId: () => `bench-${ids++}`,
      failed: (error) => context.say(`gateway: ${error instanceof Error ? (error.stack ?? error.message) : error}`),
    },
    // A connection sends as many messages as the rate asks for.
    { limits: { ...DEFAULT_LIMITS, messagesPerSecond: 100_000, messagesBurst: 100_000 } },
  );
  await new Promise<void>((resolve) => server.listen({ port: 0, host: '127.0.0.1' }, resolve));
  const thread = process.threadCpuUsage;
  return {
    reading: () => commands.reading(),
    delivered: (blocks, atEnd) => commands.delivered(blocks, atEnd),
    get waiting() {
      return commands.waiting;
    },
    facts: { port: (server.address() as AddressInfo).port },
    figures() {
      const { user, system } = thread();
      return { ...commands.figures(), thread_cpu_ms: Math.round((user + system) / 1000) };
    },
    async close() {
      await sockets.close();
      await new Promise((resolve) => server.close(resolve));
      await close();
    },
  };
}
