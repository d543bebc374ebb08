/** `npm run infra -- VERB`: real servers as plain processes, from the command line. */
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { fetchValidator } from '../compose/read-compose.ts';
import { environmentOf } from './addresses.ts';
import { Instance } from './instance.ts';
import { MissingServer } from './missing-server.ts';
import { lastLines } from './server-process.ts';
import { fetchServers, startInto } from './start-servers.ts';
import { toolsCache } from './tools-cache.ts';
import { readWish } from './wishes.ts';

const usage = `npm run infra -- VERB [--dir FOLDER]

  up WISH...             start servers and wait until each answers: kafka:1  kafka@3.9:3  s3  redis  redis-cluster:6
                         postgres  postgres+standby  clickhouse  toxiproxy
  status                 what runs, and whether it answers
  env                    the variables that lead sluice to them: eval "$(npm --silent run infra -- env)"
  logs NAME [-f]         the log of a process
  kill [-SIGNAL] NAME... kill -9 kafka-1, kill -STOP redis, kill -CONT redis; without a signal TERM
  start NAME...          again on the same port and data
  stop [NAME...]         ask to end, and wait; the data stay, up or start goes on with them
  down                   stop everything and throw the data away
  fetch WISH...          only bring the programs into the cache; also compose-validator

Instances live side by side: --dir, or the variable SLUICE_INFRA_DIR, names the folder of one.`;

/** What the tests read compose files with; no server, but fetched like one. */
const VALIDATOR = 'compose-validator';

/** Refused arguments, and what cannot be had or does not start: as for `sluice`. */
const exitCodes = { usage: 64, missing: 78, failed: 75 } as const;

class UsageError extends Error {
  override readonly name = 'UsageError';
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`infra: ${(error as Error).message}\n`);
  const refused = error instanceof UsageError || error instanceof TypeError;
  process.exitCode = refused ? exitCodes.usage : error instanceof MissingServer ? exitCodes.missing : exitCodes.failed;
}

async function main(given: readonly string[]): Promise<void> {
  const { signal, rest } = takeSignal(given);
  const { values, positionals } = parseArgs({
    args: rest,
    allowPositionals: true,
    options: {
      dir: { type: 'string' },
      follow: { type: 'boolean', short: 'f', default: false },
      help: { type: 'boolean' },
    },
  });
  const [verb, ...names] = positionals;
  if (verb === undefined || values.help) return print(usage);
  const folder = resolve(values.dir ?? process.env.SLUICE_INFRA_DIR ?? join(toolsCache(), 'infra'));
  const say = (line: string): void => void process.stderr.write(`${line}\n`);
  if (verb === 'fetch') {
    await fetchServers(
      names.filter((name) => name !== VALIDATOR),
      say,
    );
    if (names.includes(VALIDATOR)) await fetchValidator(say);
    return;
  }
  const instance = new Instance(folder, { say, bound: false });
  switch (verb) {
    case 'up': {
      for (const name of names) readWish(name);
      if (names.length === 0 && instance.names.length === 0) throw new UsageError(`up needs a server\n\n${usage}`);
      await startInto(instance, names);
      return show(instance);
    }
    case 'status':
      return show(instance);
    case 'env': {
      const lines = Object.entries(environmentOf(instance.addresses));
      return print(lines.map(([name, value]) => `export ${name}='${value}'`).join('\n'));
    }
    case 'logs':
      return logs(instance, one(names), values.follow);
    case 'kill':
      for (const name of some(names)) {
        instance.signal(name, signal ?? 'SIGTERM');
        if (signal === 'SIGKILL') await instance.ended(name);
      }
      return;
    case 'start':
      for (const name of some(names)) await instance.start(name);
      return;
    case 'stop':
      if (names.length === 0) return instance.stopAll();
      for (const name of names) await instance.stop(name);
      return;
    case 'down':
      await instance.killAll();
      return instance.remove();
    default:
      throw new UsageError(`there is no verb "${verb}"\n\n${usage}`);
  }
}

async function show(instance: Instance): Promise<void> {
  const rows = await instance.status();
  if (rows.length === 0) return print(`nothing was started in ${instance.folder}`);
  for (const { name, state, pid, ports, log } of rows) {
    const places = Object.entries(ports).map(([port, number]) => `${port} ${number}`);
    print(`${name.padEnd(17)} ${state.padEnd(8)} ${`${pid}`.padStart(7)}  ${places.join(', ').padEnd(32)} ${log}`);
  }
}

async function logs(instance: Instance, name: string, follow: boolean): Promise<void> {
  instance.pidOf(name);
  const path = instance.logOf(name);
  if (!follow) return print(lastLines(path, 200));
  const child = spawn('tail', ['-n', '200', '-f', path], { stdio: 'inherit' });
  await new Promise((resolveEnd) => child.once('exit', resolveEnd));
}

/** `-9`, `-STOP`, `-SIGSTOP` among the arguments, which no parser of options would take. */
function takeSignal(given: readonly string[]): { signal: NodeJS.Signals | undefined; rest: string[] } {
  let signal: NodeJS.Signals | undefined;
  const rest = given.filter((argument) => {
    const name = given[0] === 'kill' ? /^-([A-Z0-9]+)$/.exec(argument)?.[1] : undefined;
    if (name === undefined) return true;
    const entry = Object.entries(constants.signals).find(
      ([key, number]) => key === name || key === `SIG${name}` || `${number}` === name,
    );
    if (!entry) throw new UsageError(`there is no signal "${name}"`);
    signal = entry[0] as NodeJS.Signals;
    return false;
  });
  return { signal, rest };
}

function some(names: readonly string[]): readonly string[] {
  if (names.length === 0) throw new UsageError('the name of a server is missing; status lists them');
  return names;
}

function one(names: readonly string[]): string {
  const [name] = some(names);
  return name!;
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
