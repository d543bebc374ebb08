import { resolve } from 'node:path';

/** The data directory a verb works on: `--data`, else `SLUICE_DATA_DIR`, else `./data`. */
export function dataDirectory(flag: string | undefined): string {
  return resolve(flag ?? process.env.SLUICE_DATA_DIR ?? './data');
}
