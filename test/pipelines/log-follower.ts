/** The other thread of log-reading.test.ts: follows a log until it is closed, then tells what it saw. */
import { parentPort, workerData } from 'node:worker_threads';
import { DurableEnd } from '../../pipelines/runtime/log/durable-end.ts';
import { openLogReader } from '../../pipelines/runtime/log/log-reader.ts';
import { nodeDisk } from '../../pipelines/runtime/outside/node-disk.ts';

const { directory, durableEnd } = workerData as { directory: string; durableEnd: SharedArrayBuffer };
const end = new DurableEnd(durableEnd);
const reader = openLogReader(nodeDisk(), { directory, verification: 'trailers', durable: () => end.read() })!;
let records = 0;
let last = -1;
for (;;) {
  const version = end.version;
  const closed = end.closed;
  while (reader.next()) {
    records++;
    last = new DataView(reader.bytes.buffer).getUint32(reader.payloadAt, true);
  }
  if (closed) break;
  end.wait(version, 1000);
}
reader.close();
parentPort!.postMessage({ records, last });
