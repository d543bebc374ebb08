import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { loadConfig } from '../../schemas/config.ts';
import { CONFIG_FILE } from '../load-project.ts';

/**
 * The data directory that a verb works on: `--data`, else `SLUICE_DATA_DIR`, else the one that the configuration of this
 * folder names, else `./data`. A configuration with faults is no reason not to look at what is stored.
 */
export async function dataDirectory(flag: string | undefined): Promise<string> {
  return resolve(flag ?? process.env.SLUICE_DATA_DIR ?? (await configuredDirectory()) ?? './data');
}

async function configuredDirectory(): Promise<string | undefined> {
  const file = resolve(CONFIG_FILE);
  if (!existsSync(file)) return undefined;
  try {
    const { options } = await loadConfig(file, process.env);
    const value = options.find(({ path }) => path === 'backends.dataDir')?.value;
    return typeof value === 'string' && value !== '' ? value : undefined;
  } catch {
    return undefined;
  }
}
