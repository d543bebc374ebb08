/** The built page of these sources, built when it is not there. */
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { builtFolder, pageName } from './page-sources.ts';

const BUILD_SECONDS_MAX = 120;
/** Pages of other sources are kept for a while: another checkout, or a gateway still running, may serve them. */
const OLD_PAGE_MS = 60 * 60 * 1_000;

/**
 * Resolves with the folder of the page. Where that means building it, which takes some seconds and runs in a process of
 * its own, it is said. Rejects with what the build said.
 */
export async function builtPage(say: (line: string) => void): Promise<string> {
  const folder = join(builtFolder, pageName());
  if (existsSync(folder)) return folder;
  const startedMs = performance.now();
  await build(folder);
  if (!existsSync(folder)) throw new Error(`the build of the page ended without ${folder}`);
  removeOldPages(folder);
  say(`page: built in ${((performance.now() - startedMs) / 1_000).toFixed(1)} s (only after its sources changed)`);
  return folder;
}

function build(folder: string): Promise<void> {
  const program = fileURLToPath(new URL('build-page.ts', import.meta.url));
  const child = spawn(process.execPath, [program, folder], {
    stdio: ['ignore', 'ignore', 'pipe'],
    timeout: BUILD_SECONDS_MAX * 1_000,
    killSignal: 'SIGKILL',
    env: { ...process.env, NODE_ENV: 'production' },
  });
  let complaint = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    if (complaint.length < 10_000) complaint += text;
  });
  // A start that ends does not wait for its page.
  child.unref();
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      if (code === 0) resolve();
      else
        reject(new Error(`the page was not built (${signal ?? `exit ${code}`}): ${complaint.trim().slice(0, 2_000)}`));
    });
  });
}

function removeOldPages(current: string): void {
  for (const name of readdirSync(builtFolder)) {
    const path = join(builtFolder, name);
    if (path !== current && Date.now() - statSync(path).mtimeMs > OLD_PAGE_MS) {
      rmSync(path, { recursive: true, force: true });
    }
  }
}
