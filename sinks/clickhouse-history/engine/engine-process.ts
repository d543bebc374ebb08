/**
 * The process around chdb: started by `start-engine.ts`, told what to do by one message, tells that it is ready by one.
 * It ends when its starter does, so no engine is left behind on a data directory.
 */

import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { DoorLimits, DoorUser } from './http-door.ts';

export interface EngineOrder {
  readonly path: string;
  readonly port: number;
  readonly database: string;
  readonly users: readonly DoorUser[];
  readonly limits: DoorLimits;
  /** Package of the engine. */
  readonly engine: string;
}

export type EngineNotice =
  | { readonly kind: 'ready'; readonly port: number; readonly version: string }
  /** `lasting`: starting again will not help, the engine cannot be had on this machine. */
  | { readonly kind: 'failed'; readonly reason: string; readonly lasting: boolean };

if (process.send) {
  process.once('message', (order: EngineOrder) => {
    serve(order).catch((error: unknown) => give({ kind: 'failed', reason: sentence(error), lasting: false }));
  });
  process.once('disconnect', () => process.exit(0));
  // The terminal's Ctrl-C reaches the whole group; the starter decides when the engine ends.
  process.on('SIGINT', () => {});
}

async function serve(order: EngineOrder): Promise<void> {
  let engine: typeof import('chdb');
  try {
    engine = (await import(order.engine)) as typeof import('chdb');
    engine.version();
  } catch (error) {
    give({ kind: 'failed', reason: sentence(error), lasting: true });
    return;
  }
  const { QueryHandles } = await import('./query-handles.ts');
  const { createHttpDoor } = await import('./http-door.ts');
  const version = engine.version().libchdb.replaceAll('"', '');
  const handles = new QueryHandles(order.path, order.database, {
    readsAtOnce: 2,
    readsWaiting: 32,
    writesWaiting: 64,
    memoryBytes: 2 * order.limits.maxMemoryBytes,
  });
  const spoolDirectory = join(order.path, '..', 'spool');
  const handedDirectory = join(order.path, '..', 'handed');
  const { users, database, limits } = order;
  const server = createHttpDoor({ handles, users, database, spoolDirectory, handedDirectory, version, limits });
  server.on('error', (error) => give({ kind: 'failed', reason: sentence(error), lasting: false }));
  server.listen(order.port, '127.0.0.1', () => {
    process.send?.({ kind: 'ready', port: (server.address() as AddressInfo).port, version } satisfies EngineNotice);
  });
  process.once('SIGTERM', () => {
    server.close(() => {
      handles.close();
      process.exit(0);
    });
    server.closeIdleConnections();
    setTimeout(() => process.exit(0), 8_000).unref();
  });
}

/** Says why and ends, once it is said. */
function give(notice: EngineNotice): void {
  process.send?.(notice, undefined, undefined, () => process.exit(1));
}

function sentence(error: unknown): string {
  return error instanceof Error ? error.message.split('\n')[0]! : String(error);
}
