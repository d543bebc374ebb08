/** ClickHouse: the engine of the package chdb behind ClickHouse's HTTP interface, as a process of its own. */
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import type { Addresses } from '../addresses.ts';
import type { Instance } from '../instance.ts';

const program = fileURLToPath(new URL('./clickhouse-process.ts', import.meta.url));

export async function startClickhouse(instance: Instance): Promise<Addresses> {
  const port = await instance.port();
  const folder = instance.folderOf('clickhouse');
  const address = { user: 'sluice', password: randomBytes(18).toString('hex'), database: 'sluice' };
  await instance.launch({
    name: 'clickhouse',
    command: process.execPath,
    args: [program, folder, `${port}`],
    environment: { SLUICE_CLICKHOUSE: JSON.stringify(address) },
    cwd: folder,
    log: instance.logOf('clickhouse'),
    ports: { http: port },
    probe: { speaks: 'http', port, path: '/ping' },
    readyMs: 60_000,
  });
  return { clickhouse: { url: `http://127.0.0.1:${port}`, ...address } };
}
