/** Python's fastavro, for tests that show that others can read what we write. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';

export const PYTHON = process.env.SLUICE_PYTHON ?? 'python3';

/** A folder with fastavro in it, for PYTHONPATH; undefined, and said so, where there is no Python or no way to it. */
export function installFastavro(): string | undefined {
  const say = (why: string) => process.stderr.write(`skipped: fastavro ${why}\n`);
  if (spawnSync(PYTHON, ['--version']).status !== 0) return void say('needs python3');
  const folder = mkdtempSync(join(tmpdir(), 'sluice-fastavro-'));
  after(() => rmSync(folder, { recursive: true, force: true }));
  const installed = spawnSync(
    PYTHON,
    ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--target', folder, 'fastavro'],
    { timeout: 120_000, encoding: 'utf8' },
  );
  if (installed.status !== 0) {
    return void say(`cannot be installed: ${(installed.stderr ?? '').trim().split('\n').at(-1)}`);
  }
  return folder;
}
