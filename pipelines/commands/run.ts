import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { ExitError, runbookPages } from '../../schemas/exit.ts';
import { signalEmbeddedPostgres } from '../../sinks/postgres-ledger/embedded-postgres.ts';
import { postgresDirectory } from '../../sinks/postgres-ledger/postgres-ledger.ts';
import { openRecording } from '../../sources/recordings/recordings.ts';
import type { GatewayFacts } from '../embedded-gateway.ts';
import { THIN_ORDERS_PER_SECOND } from '../first-day.ts';
import { loadProject } from '../load-project.ts';
import { playRecording } from '../play-recording.ts';
import { serveControlSocket } from '../runtime/embedded/control-socket.ts';
import { nodeDisk } from '../runtime/outside/node-disk.ts';
import { systemClock } from '../runtime/outside/system-clock.ts';
import { probeAdminAddress } from '../serve-admin.ts';
import { probeGatewayAddress } from '../serve-gateway.ts';
import { startExchange } from '../start-exchange.ts';
import { type Command, type CommandIo, UsageError } from './command.ts';
import { runCluster } from './run-cluster.ts';

const GATEWAY_MODULE = new URL('../embedded-gateway.ts', import.meta.url).href;

export const command: Command = {
  name: 'run',
  usage:
    'run [--data DIR] [--source KIND:FILE [--symbol NAME] [--exit]] [--no-first-day] [--stage NAME ... [--standby]]',
  summary: 'starts the exchange: recovers, then runs the graph until it is interrupted',
  async run(args, io) {
    const { values } = parseArgs({
      args: [...args],
      options: {
        data: { type: 'string' },
        source: { type: 'string' },
        symbol: { type: 'string' },
        exit: { type: 'boolean', default: false },
        'no-first-day': { type: 'boolean', default: false },
        stage: { type: 'string', multiple: true },
        standby: { type: 'boolean', default: false },
        number: { type: 'string' },
      },
    });
    const project = await loadProject();
    if (project.config.backends.kind === 'cluster') {
      const { data, stage: stages = [], standby, number } = values;
      return runCluster(project, { data, stages, standby, number }, io);
    }
    if (values.stage) throw new UsageError('--stage needs backends: cluster(...) in pipeline.config.ts');
    const dataDir = resolve(values.data ?? project.config.backends.dataDir);
    const recording = values.source
      ? openRecording(values.source, {
          accountPartitions: project.config.partitions.accounts,
          ...(values.symbol ? { symbolName: values.symbol } : {}),
        })
      : undefined;
    // Nothing of ours throws where nobody listens; if it does all the same, it is a bug, and nothing goes on after it.
    process.on('uncaughtException', (error) => endAtOnce(error, dataDir, io));
    const started = await startExchange({
      project,
      dataDir,
      disk: nodeDisk(),
      clock: systemClock(),
      recording,
      firstDayOrdersPerSecond: values['no-first-day'] ? undefined : THIN_ORDERS_PER_SECOND,
      hosts: { gateway: { open: GATEWAY_MODULE, settings: undefined } },
      beforeRecovery: async () => {
        const { host, adminPort } = project.config.gateway;
        await probeGatewayAddress(project.config.gateway);
        await probeAdminAddress({ host, port: adminPort });
      },
      say: io.err,
      fail: (error) => endAtOnce(error, dataDir, io),
    });
    const { exchange } = started;
    const stopAll = async (error: unknown): Promise<never> => {
      await started.stop();
      throw error;
    };
    const socket = await serveControlSocket(dataDir, ({ ask, ...argument }) => exchange.answer(ask, argument)).catch(
      stopAll,
    );
    // Where it cannot be had, the exchange fails as a whole, and says so.
    const interruption = interrupted(io.signal);
    const gateway = (await Promise.race([exchange.hostOpen('gateway'), interruption])) as GatewayFacts | undefined;
    if (gateway) for (const line of welcome(gateway, dataDir)) io.out(line);
    if (recording) {
      const played = await playRecording(exchange, recording, io.signal);
      io.err(
        `played ${played.commands.toLocaleString('en-US')} commands, ${played.trades.toLocaleString('en-US')} trades in ${(played.tookMs / 1000).toFixed(1)} s`,
      );
    }
    if (!(recording && values.exit)) await interruption;
    await socket.close();
    await started.stop();
    io.err('stopped: everything acknowledged is on disk');
    return 0;
  },
};

/** What a newcomer needs now; both commands work as they are pasted. */
function welcome({ url, token, adminUrl }: GatewayFacts, dataDir: string): string[] {
  return [
    '',
    `page      ${url}/`,
    `exchange  ${url}/v1/symbols`,
    `token     ${token}`,
    `admin     ${adminUrl}/admin/v1/markets (with the token)`,
    `data      ${dataDir}`,
    '',
    'give yourself paper money, then buy a little bitcoin:',
    '',
    `  curl -s ${url}/v1/paper-deposits -H 'Authorization: Bearer ${token}' -H 'Content-Type: application/json' -d '{"asset":"USD","amount":"100000"}'`,
    `  curl -s ${url}/v1/orders -H 'Authorization: Bearer ${token}' -H 'Content-Type: application/json' -d '{"symbol":"BTC-USD","side":"buy","type":"market","budget":"1000"}'`,
    '',
    'ask history in another terminal:',
    '',
    `  npx sluice sql --data ${shellWord(dataDir)} 'select symbol, count() trades, max(price) high from trades group by symbol'`,
    '',
    'Ctrl-C ends it; everything acknowledged is on disk.',
  ];
}

/** As a shell reads it, spaces and quotes included. */
function shellWord(text: string): string {
  return /^[\w./:@%+=-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

function interrupted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolveWait) => signal.addEventListener('abort', () => resolveWait(), { once: true }));
}

/** A bug of ours or a failed disk: nothing more is done, said or saved. The next start finds what is durable. */
function endAtOnce(error: unknown, dataDir: string, io: CommandIo): never {
  const code = error instanceof ExitError ? error.code : 70;
  io.err(
    error instanceof ExitError
      ? error.message
      : error instanceof Error
        ? (error.stack ?? error.message)
        : String(error),
  );
  signalEmbeddedPostgres(postgresDirectory(dataDir));
  io.err(`exit ${code}: see ${runbookPages[code]}`);
  process.exit(code);
}
