/**
 * A process that writes a log and says on stdout, line by line, how many commands it was told are durable. Ends as an exchange would: with the
 * code of the failure. Arguments: folder, commands, milliseconds between commands.
 */
import { writeSync } from 'node:fs';
import { recoverLog } from '../../pipelines/runtime/log/recover-log.ts';
import { openWorkerLog } from '../../pipelines/runtime/log/worker-log.ts';
import { nodeDisk } from '../../pipelines/runtime/outside/node-disk.ts';
import { ExitError } from '../../schemas/exit.ts';
import { COMMANDS_LOG, PARTITIONS, recordsOfCommand } from '../simulation/log-workload.ts';

const [directory, commandCount, pauseMs] = [process.argv[2]!, Number(process.argv[3]), Number(process.argv[4] ?? 0)];
const SEGMENT_BYTES = 256 * 1024;

function end(error: unknown): never {
  const code = error instanceof ExitError ? error.code : 70;
  writeSync(2, `${(error as Error).message}\n`);
  process.exit(code);
}

try {
  const disk = nodeDisk();
  const recovered = recoverLog(disk, { directory, generation: 1, marks: [], segmentBytes: SEGMENT_BYTES });
  const next = new Map<string, number>();
  let commands = 0;
  for (const { log, partition, next: offset } of recovered.end.tables.positions) {
    next.set(`${log}/${partition}`, offset);
    if (log === COMMANDS_LOG) commands += offset;
  }
  const before = commands;
  writeSync(1, `found ${before}\n`);
  const writer = await openWorkerLog({
    directory,
    end: recovered.end,
    segmentBytes: SEGMENT_BYTES,
    ringBytes: 64 * 1024,
    frameBytesMax: 2048,
    stallDeadlineMs: 20_000,
    onDurable: (count) => writeSync(1, `durable ${before + count}\n`),
    onFailure: end,
    onSpace: (enough) => writeSync(1, `space ${enough}\n`),
  });
  writeSync(1, `open ${PARTITIONS}\n`);
  for (; commands < before + commandCount; commands++) {
    writer.beginCommand();
    for (const { chainKey, log, partition, payload } of recordsOfCommand(77, commands + 1)) {
      const at = writer.reserve();
      writer.bytes.set(payload, at);
      const key = `${log}/${partition}`;
      const offset = next.get(key) ?? 0;
      next.set(key, offset + 1);
      writer.append(chainKey, log, partition, offset, at + payload.length);
    }
    writer.endCommand();
    writer.publish();
    if (pauseMs > 0) await new Promise((done) => setTimeout(done, pauseMs));
    else await writer.flush();
  }
  await writer.close();
} catch (error) {
  end(error);
}
