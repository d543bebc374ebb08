/** The exchange as `npm start` runs it, in a process of its own with a data directory of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const START_MS = 120_000;

export interface RunningExchange {
  readonly url: string;
  /** The token of the start: every role. */
  readonly token: string;
  stop(): Promise<void>;
}

export async function runExchange(): Promise<RunningExchange> {
  const dataDir = mkdtempSync(join(tmpdir(), 'sluice-page-'));
  const child = spawn(process.execPath, ['infra/bootstrap/sluice.mjs', 'run', '--no-first-day'], {
    cwd: ROOT,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, SLUICE_DATA_DIR: dataDir, SLUICE_GATEWAY_PORT: '0' },
  });
  let said = '';
  for (const stream of [child.stdout!, child.stderr!]) {
    stream.on('data', (chunk: Buffer) => {
      said += chunk.toString();
    });
  }
  const stop = async () => {
    if (child.exitCode === null) {
      child.kill('SIGTERM');
      const late = setTimeout(() => killGroup(child), 20_000);
      await once(child, 'close');
      clearTimeout(late);
    }
    rmSync(dataDir, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  };
  try {
    const deadline = performance.now() + START_MS;
    for (;;) {
      const url = /^exchange\s+(http:\S+)\/v1\/symbols$/m.exec(said)?.[1];
      if (url && said.includes('Ctrl-C ends it')) {
        return { url, token: readFileSync(join(dataDir, 'token'), 'utf8').trim(), stop };
      }
      if (child.exitCode !== null || performance.now() > deadline) throw new Error(`it did not start:\n${said}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  } catch (error) {
    killGroup(child);
    await stop();
    throw error;
  }
}

function killGroup(child: ChildProcess): void {
  try {
    process.kill(-child.pid!, 'SIGKILL');
  } catch {
    // It is gone.
  }
}
