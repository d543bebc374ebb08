/** Toxiproxy: proxies made over its own HTTP interface, each with faults of the wire. */
import type { Addresses } from '../addresses.ts';
import type { Instance } from '../instance.ts';
import { goProgram, type Say } from '../tools-cache.ts';

export function fetchToxiproxy(say: Say): Promise<string> {
  return goProgram('toxiproxy', 'github.com/Shopify/toxiproxy/v2/cmd/server', 'v2.12.0', say);
}

export async function startToxiproxy(instance: Instance): Promise<Addresses> {
  const program = await fetchToxiproxy(instance.say);
  const port = await instance.port();
  await instance.launch({
    name: 'toxiproxy',
    command: program,
    args: ['-host', '127.0.0.1', '-port', `${port}`],
    environment: { LOG_LEVEL: 'warn' },
    cwd: instance.folderOf('toxiproxy'),
    log: instance.logOf('toxiproxy'),
    ports: { control: port },
    probe: { speaks: 'http', port, path: '/version' },
    readyMs: 15_000,
  });
  return { toxiproxy: { url: `http://127.0.0.1:${port}` } };
}
