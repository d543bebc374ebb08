// Runs one TypeScript program of the project, tools installed: node infra/bootstrap/run.mjs test/bench/bench.ts NAME

import { ensureInstalled } from './install.mjs';
import { becomePinnedNode } from './pinned-node.mjs';

try {
  await ensureInstalled({ dev: true });
  await becomePinnedNode(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
