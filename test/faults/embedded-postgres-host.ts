/**
 * A process that owns an embedded server, for tests that end it in one way or another.
 *
 *     node embedded-postgres-host.ts DIRECTORY MODE
 *
 * Prints `up <server's process id>`. MODE: `wait` does nothing more; `drain` answers SIGTERM with a drain of a second and
 * ends with 75; `exit-code` sets the exit code 70, stops the server and lets the process run out; `abandon` ends at once
 * with 65 and leaves the server.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { signalEmbeddedPostgres, startEmbeddedPostgres } from '../../sinks/postgres-ledger/embedded-postgres.ts';

const [directory, mode] = process.argv.slice(2) as [string, string];
const server = await startEmbeddedPostgres({ directory, say: (line) => console.log(`say ${line}`) });
const sayUp = () => console.log(`up ${server.pid()}`);
// Whoever reads this may send a signal at once: a process that answers one says it only when it does.
if (mode !== 'drain') sayUp();
switch (mode) {
  case 'wait':
    setInterval(() => undefined, 1_000);
    break;
  case 'drain': {
    const alive = setInterval(() => undefined, 1_000);
    process.on('SIGTERM', async () => {
      console.log('draining');
      await sleep(1_000);
      console.log(`drained, server ${server.state()}`);
      await server.stop();
      clearInterval(alive);
      process.exit(75);
    });
    sayUp();
    break;
  }
  case 'exit-code':
    process.exitCode = 70;
    await server.stop();
    break;
  case 'signal-at-exit':
    signalEmbeddedPostgres(directory);
    process.exit(70);
    break;
  case 'abandon':
    process.exit(65);
    break;
  default:
    throw new RangeError(`mode "${mode}" is not known`);
}
