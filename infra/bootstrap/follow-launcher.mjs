// Loaded into a program that a launcher of another Node version started as its child (see pinned-node.mjs).
// The launcher is what the user sees and kills; when it is gone, even by SIGKILL, so is this program.

import { isMainThread } from 'node:worker_threads';

if (isMainThread && process.channel && process.env.SLUICE_LAUNCHER_PID === String(process.ppid)) {
  process.channel.unref();
  process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
  process.channel.unref(); // the listener referenced it again
}
delete process.env.SLUICE_LAUNCHER_PID;
