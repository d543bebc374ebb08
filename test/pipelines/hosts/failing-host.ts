/** A host with a bug: it serves for a moment, then throws where nobody listens. */
import type { LaneHost } from '../../../pipelines/runtime/ports.ts';

export default async function openFailingHost(): Promise<LaneHost> {
  setTimeout(() => {
    throw new TypeError('a bug in the gateway');
  }, 50);
  return { reading() {}, delivered() {}, waiting: false, facts: 'up', async close() {} };
}
