import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { RunCounts } from './gap-proof-run.ts';

/** Plays the seeds in a process of their own; throws with the seed that failed. */
export async function playSeeds(first: number, count: number): Promise<RunCounts> {
  const script = join(import.meta.dirname, 'play-seeds.ts');
  const { stdout } = await promisify(execFile)(process.execPath, [script, String(first), String(count)]);
  return JSON.parse(stdout) as RunCounts;
}

/** What never happened was not tried. */
export function assertAllTried(counts: RunCounts): void {
  for (const [what, times] of Object.entries(counts)) assert.ok(times > 0, `no run had any: ${what}`);
}
