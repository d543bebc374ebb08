#!/usr/bin/env node
// The `sluice` command. Installs what is missing, then hands over to the pinned Node, which runs TypeScript as it is.

import { join } from 'node:path';
import { ensureInstalled } from './install.mjs';
import { becomePinnedNode, projectRoot } from './pinned-node.mjs';

try {
  await ensureInstalled();
  await becomePinnedNode([join(projectRoot, 'pipelines/commands/sluice.ts'), ...process.argv.slice(2)]);
} catch (error) {
  process.stderr.write(`sluice: ${error.message}\n`);
  process.exitCode = 1;
}
