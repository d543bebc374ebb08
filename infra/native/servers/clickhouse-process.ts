/** The process of `clickhouse.ts`: DATA PORT, and the owner's name and password in the environment. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createHttpDoor } from '../../../sinks/clickhouse-history/engine/http-door.ts';
import { QueryHandles } from '../../../sinks/clickhouse-history/engine/query-handles.ts';
import { engineLimits } from '../../../sinks/clickhouse-history/engine/start-engine.ts';

const [folder, port] = process.argv.slice(2);
const { user, password, database } = JSON.parse(process.env.SLUICE_CLICKHOUSE ?? '{}') as {
  readonly [name: string]: string;
};
if (!folder || !port || !user || !password || !database) throw new TypeError('usage: clickhouse-process.ts DATA PORT');

const { version } = await import('chdb');
const store = join(folder, 'store');
mkdirSync(store, { recursive: true, mode: 0o700 });
const handles = new QueryHandles(store, database, {
  readsAtOnce: 2,
  readsWaiting: 32,
  writesWaiting: 64,
  memoryBytes: 2 * engineLimits.maxMemoryBytes,
});
const server = createHttpDoor({
  handles,
  users: [{ name: user, password, readonly: false }],
  database,
  spoolDirectory: join(folder, 'spool'),
  version: version().libchdb.replaceAll('"', ''),
  limits: engineLimits,
});
server.listen(Number(port), '127.0.0.1');
process.once('SIGTERM', () => {
  server.close(() => {
    handles.close();
    process.exit(0);
  });
  server.closeIdleConnections();
  setTimeout(() => process.exit(0), 8_000).unref();
});
