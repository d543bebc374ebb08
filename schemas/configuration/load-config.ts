import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { type Environment, type ReadConfig, readConfig } from './read-config.ts';

/**
 * Reads a configuration file (a module whose default export is `defineConfig({...})`) under an environment. Faults are
 * in the answer; throws only when the file itself cannot be loaded.
 */
export async function loadConfig(file: string, environment: Environment): Promise<ReadConfig> {
  const text = readFileSync(file, 'utf8');
  const module = (await import(pathToFileURL(file).href)) as { default?: unknown };
  return readConfig(module.default, { file, text }, environment);
}
