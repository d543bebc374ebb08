import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { BenchOptions, Row } from '../bench-row.ts';
import { Crowd } from '../load/crowd.ts';
import { publicGateway } from '../load/public-gateway.ts';

export const name = 'idle-sockets';
export const summary = 'memory of a socket that is connected and reads nothing';

export async function rows({ quick, say }: BenchOptions): Promise<Row[]> {
  const sockets = quick ? 1_000 : 10_000;
  say(`idle-sockets: ${sockets}`);
  const gateway = await publicGateway();
  const crowd = new Crowd();
  try {
    const open = (count: number) =>
      crowd.open({
        port: gateway.port,
        path: '/v1/socket/?EIO=4&transport=websocket',
        sockets: count,
        says: ['40'],
        readyFrames: 2,
      });
    // The first of them bring code and tables that all share.
    await open(100);
    const before = await settledBytes();
    await open(sockets);
    const perSocket = ((await settledBytes()) - before) / sockets / 1024;
    return [
      {
        name: 'idle socket, resident memory',
        value: perSocket,
        unit: 'KB',
        reference: { name: 'bound', value: 20 },
        ratio: perSocket / 20,
        spread: { lowest: perSocket, highest: perSocket, repetitions: 1 },
        note: `${gateway.connections()} sockets connected at once, readers in a process of their own; growth of the resident set`,
      },
    ];
  } finally {
    await crowd.close();
    await gateway.close();
  }
}

async function settledBytes(): Promise<number> {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  // Timers of the handshake run out, too.
  await new Promise((resolve) => setTimeout(resolve, 6_000));
  for (let turn = 0; turn < 5; turn++) {
    collect();
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  return process.memoryUsage.rss();
}
