import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { runWorkload } from './kinds/workload.ts';

const folder = join(process.env.SLUICE_DATA ?? '../shared/data', 'matching-workloads');
const hashes = {
  normal: 'e9b2e3926854410b01a035aeb25dd05f1e597c233be8263de9eb49b6713d367e',
  static: '9803843ee404fc29c9a0aa5614f8f0d5a58b5c44fcac9ef89067886fcaaa30d1',
};

for (const [name, hash] of Object.entries(hashes)) {
  const file = join(folder, `${name}.bin.br`);
  const skip = existsSync(file) ? false : `SKIPPED: there is no ${file}; SLUICE_DATA names the folder`;
  test(`gives the published report stream of the public order flow ${name}`, { skip }, () => {
    const result = runWorkload(file);
    assert.equal(result.messages, 1_996_097);
    assert.equal(result.hash, hash);
  });
}
