/** The gateway of the embedded exchange: it lives in the thread of the lane that keeps its views. */
import { gatewayPartsOf } from './gateway-parts.ts';
import type { Project } from './load-project.ts';
import { openGateway } from './open-gateway.ts';
import type { HostContext, LaneHost } from './runtime/ports.ts';

export type { GatewayFacts } from './open-gateway.ts';

/** Throws `ExitError` 78 where it cannot listen. */
export default async function openEmbeddedGateway(context: HostContext): Promise<LaneHost> {
  const { dataDir, say } = context;
  const { parts, commands, close } = gatewayPartsOf(context);
  const {
    facts,
    figures,
    close: closeDoors,
  } = await openGateway(parts, {
    config: context.config as Project['config'],
    dataDir,
    say,
  });
  return {
    reading: () => commands.reading(),
    delivered: (blocks, atEnd) => commands.delivered(blocks, atEnd),
    get waiting() {
      return commands.waiting;
    },
    facts,
    figures: () => ({ ...figures(), ...commands.figures() }),
    async close() {
      await closeDoors();
      await close();
    },
  };
}
