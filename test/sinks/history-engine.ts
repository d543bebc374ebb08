/** An embedded engine of a test's own, in a folder of its own, with `ask` for statements over HTTP. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import type { DoorLimits } from '../../sinks/clickhouse-history/engine/http-door.ts';
import { type Engine, EngineMissing, startEngine } from '../../sinks/clickhouse-history/engine/start-engine.ts';

export interface Answer {
  readonly status: number;
  readonly code: string | null;
  readonly text: string;
  readonly headers: Headers;
}

export type EngineUser = 'owner' | 'analyst';

export interface AskOptions {
  readonly as?: EngineUser;
  readonly parameters?: { readonly [name: string]: string };
  readonly body?: string | Uint8Array<ArrayBuffer>;
  readonly headers?: { readonly [name: string]: string };
  readonly method?: string;
  readonly signal?: AbortSignal;
}

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-history-'));
  after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/**
 * Undefined, and said so, where the engine cannot be had. With SLUICE_TEST_CLICKHOUSE_URL, _USER and _PASSWORD it is the
 * server there instead: the same tests hold both to one behaviour.
 */
export async function startTestEngine(
  folder: string,
  options: { readonly limits?: Partial<DoorLimits>; readonly say?: (line: string) => void } = {},
): Promise<Engine | undefined> {
  const server = serverOfEnvironment();
  if (server) return server;
  try {
    const engine = await startEngine({
      dataDir: folder,
      database: 'sluice',
      say: options.say ?? (() => {}),
      ...options,
    });
    after(() => engine.close());
    return engine;
  } catch (error) {
    if (!(error instanceof EngineMissing)) throw error;
    process.stderr.write(`skipped: the embedded ClickHouse does not load here (${error.message})\n`);
    return undefined;
  }
}

function serverOfEnvironment(): Engine | undefined {
  const { SLUICE_TEST_CLICKHOUSE_URL: url, SLUICE_TEST_CLICKHOUSE_USER: name = 'default' } = process.env;
  if (url === undefined) return undefined;
  const owner = { name, password: process.env.SLUICE_TEST_CLICKHOUSE_PASSWORD ?? '' };
  return {
    address: { url, database: 'sluice', owner, analyst: owner, processId: 0 },
    version: 'of the server',
    restarts: 0,
    processId: undefined,
    close: async () => {},
  };
}

/** A statement in the body, or in `parameters.query` with a body of its own. */
export async function ask(engine: Engine, sql: string | undefined, options: AskOptions = {}): Promise<Answer> {
  const { address } = engine;
  const user = address[options.as ?? 'owner'];
  const parameters = new URLSearchParams(options.parameters);
  const body = options.body ?? sql;
  const response = await fetch(`${address.url}/?${parameters}`, {
    method: options.method ?? 'POST',
    headers: { 'X-ClickHouse-User': user.name, 'X-ClickHouse-Key': user.password, ...options.headers },
    ...(body !== undefined && options.method !== 'GET' ? { body } : {}),
    ...(options.signal ? { signal: options.signal } : {}),
  });
  const text = await response.text();
  return {
    status: response.status,
    code: response.headers.get('x-clickhouse-exception-code'),
    text,
    headers: response.headers,
  };
}

/** The answer's text, without the last line break. Throws what the engine refused. */
export async function rows(engine: Engine, sql: string, options: AskOptions = {}): Promise<string> {
  const answer = await ask(engine, sql, options);
  if (answer.status !== 200) throw new Error(`${sql}\n${answer.text}`);
  return answer.text.trimEnd();
}
