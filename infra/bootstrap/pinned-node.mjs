// Finds the Node that package.json pins, and hands a program over to it.
//
// Plain JavaScript without dependencies, for Node 20 and later.

import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

export const projectRoot = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** The version of package.json, such as 24.21.0. */
export const pinnedNodeVersion = JSON.parse(readFileSync(join(projectRoot, 'package.json'), 'utf8'))
  .optionalDependencies.node;

/** Where the pinned binary is once it is installed. */
export const pinnedNodePath = join(
  projectRoot,
  'node_modules/node/bin',
  process.platform === 'win32' ? 'node.exe' : 'node',
);

/**
 * The Node to run TypeScript with: the pinned one, or this one where the registry has no binary of that version for
 * this platform and this one is new enough. Says so in one line then; throws when neither will do.
 */
export function nodeForSources() {
  if (existsSync(pinnedNodePath)) return pinnedNodePath;
  const major = Number(process.versions.node.split('.')[0]);
  const pinnedMajor = Number(pinnedNodeVersion.split('.')[0]);
  if (major >= pinnedMajor) {
    process.stderr.write(`Node ${pinnedNodeVersion} has no package here; running on Node ${process.versions.node}.\n`);
    return process.execPath;
  }
  throw new Error(
    `Node ${pinnedNodeVersion} could not be installed as a package, and this is Node ${process.versions.node}. ` +
      `If npm is set to ignore install scripts, run "npm rebuild node --ignore-scripts=false"; ` +
      `otherwise install Node ${pinnedMajor} and try again.`,
  );
}

/**
 * Ends this program by becoming `node ...args` on the pinned Node. Never returns.
 *
 * Where the system can, the process is replaced, so its id stays and signals reach it. Elsewhere a child takes over:
 * it gets our signals, its exit code becomes ours, and it ends when we are killed.
 */
export async function becomePinnedNode(args) {
  const node = nodeForSources();
  if (typeof process.execve === 'function' && process.platform !== 'win32') {
    process.removeAllListeners('warning'); // execve announces itself as experimental
    process.execve(node, [node, ...args], definedOnly(process.env));
  }
  process.exit(await runPinnedNode(args, node));
}

/** Runs `node ...args` on the pinned Node as a child that cannot outlive us. Resolves to its exit code. */
export function runPinnedNode(args, node = nodeForSources()) {
  const follow = pathToFileURL(join(projectRoot, 'infra/bootstrap/follow-launcher.mjs')).href;
  const child = spawn(node, ['--import', follow, ...args], {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, SLUICE_LAUNCHER_PID: String(process.pid) },
  });
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  const forward = (signal) => child.kill(signal);
  for (const signal of signals) process.on(signal, forward);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code, signal) => {
      for (const name of signals) process.off(name, forward);
      resolve(code ?? 128 + constants.signals[signal]);
    });
  });
}

function definedOnly(environment) {
  return Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== undefined));
}
