// Loaded into a program that a launcher of another Node version started as its child (see pinned-node.mjs).
// The launcher is what the user sees and kills; when it is gone, even by SIGKILL, so is this program.

import { isMainThread } from 'node:worker_threads';

/** A wish that was meant for both of us arrives twice: by itself, and passed on by the launcher. */
const sameWishMs = 500;

if (isMainThread && process.channel && process.env.SLUICE_LAUNCHER_PID === String(process.ppid)) {
  process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
  process.channel.unref(); // the listener alone keeps nobody running
  hearEachSignalOnce(['SIGINT', 'SIGTERM', 'SIGHUP']);
}
delete process.env.SLUICE_LAUNCHER_PID;

/** Without a listener of its own, so that a signal nobody listens to still ends the program. */
function hearEachSignalOnce(signals) {
  const heardAtMs = new Map();
  const emit = process.emit;
  process.emit = function emitOnce(name, ...args) {
    if (signals.includes(name)) {
      const nowMs = performance.now();
      if (nowMs - (heardAtMs.get(name) ?? Number.NEGATIVE_INFINITY) < sameWishMs) return true;
      heardAtMs.set(name, nowMs);
    }
    return emit.call(this, name, ...args);
  };
}
