import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { readCatalog } from '../../../pipelines/runtime/embedded/catalog-file.ts';
import { openExchange } from '../../../pipelines/runtime/embedded/exchange.ts';
import { replayHead } from '../../../pipelines/runtime/embedded/replay-head.ts';
import { nodeDisk } from '../../../pipelines/runtime/outside/node-disk.ts';
import { type BenchOptions, comparedRow, measureInterleaved, type Row } from '../bench-row.ts';
import { FIRST_MIX_ACCOUNT, openBenchExchange } from '../load/bench-exchange.ts';
import { OrderMix } from '../load/order-mix.ts';

export const name = 'replay';
export const summary = 'replay with every record compared, and a start after a clean stop';

export async function rows({ quick, say }: BenchOptions): Promise<Row[]> {
  const count = quick ? 100_000 : 1_000_000;
  const repetitions = quick ? 1 : 3;
  say(`replay: making a log of ${count} commands`);
  const { exchange, dataDir, close } = await openBenchExchange({});
  const mix = new OrderMix(3, FIRST_MIX_ACCOUNT);
  const stampedMicros = exchange.options.clock.nowMicros();
  for (let index = 0; index < count; index++) {
    exchange.runNow('intake', 'commands', { record: mix.next(stampedMicros + 50_000_000), stampedMicros });
    if (index % 4096 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  const options = exchange.options;
  await close(true);
  try {
    const disk = nodeDisk();
    const directory = join(dataDir, 'log');
    const catalog = readCatalog(disk, dataDir);
    say('replay: replay and bare read in turns');
    const measured = await measureInterleaved(repetitions, {
      replay: () => {
        const beganMs = performance.now();
        const { replayed } = replayHead(options.graph, catalog, disk, directory, undefined);
        return (replayed.commands / (performance.now() - beganMs)) * 1000;
      },
      bare: () => {
        const beganMs = performance.now();
        for (const file of readdirSync(directory)) readFileSync(join(directory, file));
        return (count / (performance.now() - beganMs)) * 1000;
      },
    });
    const starts: number[] = [];
    for (let round = 0; round < repetitions; round++) {
      const again = await openExchange(options);
      starts.push(again.recovery.tookMs / 1000);
      await again.stop();
    }
    starts.sort((left, right) => left - right);
    return [
      comparedRow(
        'replay with every record and state hash compared',
        'commands/s',
        measured.replay,
        { name: 'bare read of the same segments', ...measured.bare },
        repetitions,
      ),
      {
        name: 'start after a clean stop',
        value: starts[starts.length >> 1]!,
        unit: 's',
        reference: null,
        ratio: null,
        spread: { lowest: starts[0]!, highest: starts.at(-1)!, repetitions },
      },
    ];
  } finally {
    rmSync(dataDir, { recursive: true, force: true });
  }
}
