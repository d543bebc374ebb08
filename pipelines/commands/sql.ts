import { existsSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { parseArgs } from 'node:util';
import { ExitError } from '../../schemas/exit.ts';
import { readAddressFile } from '../../sinks/clickhouse-history/engine/address-file.ts';
import { historyOptionsOf } from '../../sinks/clickhouse-history/history-options.ts';
import { CONFIG_FILE, loadProject } from '../load-project.ts';
import type { Command, CommandIo } from './command.ts';
import { UsageError } from './command.ts';
import { dataDirectory } from './data-directory.ts';

/** Where statements go, as whom. */
interface Target {
  readonly url: string;
  readonly database: string;
  readonly user: string;
  readonly password: string;
}

const DEADLINE_SECONDS = 300;

export const command: Command = {
  name: 'sql',
  usage: "sql 'STATEMENT' | - [--csv | --json | --format NAME] [--data DIR]",
  summary: 'ask the history of the running exchange, in ClickHouse SQL; - reads the statement from stdin',
  async run(args, io) {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        csv: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        format: { type: 'string' },
        data: { type: 'string' },
      },
    });
    const [given, ...surplus] = positionals;
    if (surplus.length > 0) throw new UsageError(`"${surplus.join(' ')}" is too much: put the statement into quotes`);
    if (given === undefined) throw new UsageError('it wants a statement in quotes');
    const statement = given === '-' ? await text(process.stdin) : given;
    return ask(await targetOf(values.data), statement, formatOf(values), io);
  },
};

function formatOf(values: { csv: boolean; json: boolean; format?: string | undefined }): string {
  const chosen = [values.csv && 'CSVWithNames', values.json && 'JSONEachRow', values.format].filter((name) => name);
  if (chosen.length > 1) throw new UsageError('one of --csv, --json and --format');
  return (chosen[0] as string | undefined) ?? 'PrettyCompactMonoBlock';
}

/**
 * The server of the configuration, or the engine that the running exchange keeps in its data directory. A directory that is
 * named and holds an engine is asked by that.
 */
async function targetOf(data: string | undefined): Promise<Target> {
  const dataDir = data === undefined ? undefined : await dataDirectory(data);
  const named = dataDir === undefined ? undefined : readAddressFile(dataDir);
  if (!named && existsSync(CONFIG_FILE)) {
    const { url, user, password, database } = historyOptionsOf((await loadProject()).config);
    if (url !== undefined) return { url, user, password, database };
  }
  const directory = dataDir ?? (await dataDirectory(data));
  const address = named ?? readAddressFile(directory);
  if (!address)
    throw new ExitError(75, `${directory} has no history: start the exchange with "sluice run", with history on`);
  const { url, database, analyst } = address;
  return { url, database, user: analyst.name, password: analyst.password };
}

async function ask(target: Target, statement: string, format: string, io: CommandIo): Promise<number> {
  const parameters = new URLSearchParams({
    database: target.database,
    default_format: format,
    output_format_json_array_of_rows: '1',
    output_format_json_quote_64bit_integers: '1',
    output_format_json_quote_decimals: '1',
    output_format_pretty_color: '0',
    max_execution_time: String(DEADLINE_SECONDS),
  });
  let response: Response;
  try {
    response = await fetch(`${target.url}/?${parameters}`, {
      method: 'POST',
      body: statement,
      headers: { 'X-ClickHouse-User': target.user, 'X-ClickHouse-Key': target.password },
      signal: AbortSignal.any([io.signal, AbortSignal.timeout((DEADLINE_SECONDS + 10) * 1000)]),
    });
  } catch (error) {
    if (io.signal.aborted) return 130;
    const reason = (error as { cause?: Error }).cause?.message ?? (error as Error).message;
    throw new ExitError(75, `history does not answer at ${target.url} (${reason}): is the exchange running?`, {
      cause: error,
    });
  }
  if (!response.ok) {
    io.err(`sluice sql: ${(await response.text()).trim()}`);
    return 1;
  }
  await print(response, io);
  return 0;
}

/** Line by line, so that a long answer is never held whole. */
async function print(response: Response, io: CommandIo): Promise<void> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const piece of response.body ?? []) {
    const lines = (rest + decoder.decode(piece as Uint8Array, { stream: true })).split('\n');
    rest = lines.pop()!;
    for (const line of lines) io.out(line);
  }
  if (rest !== '') io.out(rest);
}
