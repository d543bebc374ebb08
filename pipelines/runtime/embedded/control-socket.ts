/**
 * Where the verbs of the command ask a running exchange: a socket in the data directory, one JSON question a line, one
 * JSON answer a line. Readable by the owner of the directory only.
 */
import { existsSync, mkdtempSync, rmSync, symlinkSync, unlinkSync } from 'node:fs';
import { chmod } from 'node:fs/promises';
import { createConnection, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { ExitError } from '../../../schemas/exit.ts';

export interface Question {
  readonly ask: string;
  readonly [argument: string]: unknown;
}

export type Answer = { readonly ok: unknown } | { readonly error: string };

const QUESTION_BYTES_MAX = 64 * 1024;
/** The system keeps 104 bytes (macOS) or 108 (Linux) for the path of a socket. */
const PATH_BYTES_MAX = 100;

export function controlSocketPath(dataDir: string): string {
  // Windows has named pipes instead of socket files; their names live in one place for the whole machine.
  return process.platform === 'win32'
    ? `\\\\.\\pipe\\sluice-${Buffer.from(dataDir).toString('hex').slice(-64)}`
    : join(dataDir, 'sluice.sock');
}

export async function serveControlSocket(
  dataDir: string,
  answer: (question: Question) => Promise<unknown>,
): Promise<{ close(): Promise<void> }> {
  const path = controlSocketPath(dataDir);
  // The lock on the directory is ours, so a socket that is still here belongs to a process that is gone.
  if (process.platform !== 'win32' && existsSync(path)) unlinkSync(path);
  const server = createServer((socket) => {
    socket.setTimeout(30_000, () => socket.destroy());
    socket.on('error', () => socket.destroy());
    let bytes = 0;
    socket.on('data', (chunk) => {
      bytes += chunk.length;
      if (bytes > QUESTION_BYTES_MAX) socket.destroy();
    });
    createInterface({ input: socket }).on('line', (line) => {
      bytes = 0;
      void reply(line, answer).then((said) => {
        if (!socket.destroyed) socket.write(`${JSON.stringify(said)}\n`);
      });
    });
  });
  const short = shortened(path);
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(short.path, resolve);
    });
  } finally {
    short.release();
  }
  if (process.platform !== 'win32') await chmod(path, 0o600);
  return {
    close: () =>
      new Promise((resolve) =>
        server.close(() => {
          if (process.platform !== 'win32' && existsSync(path)) unlinkSync(path);
          resolve();
        }),
      ),
  };
}

/** Ask the exchange that runs on this data directory. Throws `ExitError` 75 where none answers. */
export function askExchange(dataDir: string, question: Question, timeoutMs = 10_000): Promise<unknown> {
  const path = controlSocketPath(dataDir);
  const noneRuns = () =>
    new ExitError(75, `no exchange answers on ${dataDir}: start one with npm start, or give --data`);
  const short = shortened(path);
  return new Promise((resolve, reject) => {
    const socket = createConnection(short.path);
    socket.once('connect', short.release);
    socket.once('close', short.release);
    socket.setTimeout(timeoutMs, () =>
      socket.destroy(new ExitError(75, `the exchange on ${dataDir} did not answer in ${timeoutMs} ms`)),
    );
    socket.on('error', (error) => reject(error instanceof ExitError ? error : noneRuns()));
    socket.on('connect', () => socket.write(`${JSON.stringify(question)}\n`));
    let text = '';
    socket.setEncoding('utf8');
    socket.on('data', (chunk) => {
      text += chunk;
      if (!text.endsWith('\n')) return;
      socket.end();
      const said = JSON.parse(text) as Answer;
      if ('ok' in said) resolve(said.ok);
      else reject(new ExitError(75, said.error));
    });
  });
}

/** The path, or, where it is too long for a socket, a short way to the same place; it is needed until the connection stands. */
function shortened(path: string): { readonly path: string; readonly release: () => void } {
  if (process.platform === 'win32' || Buffer.byteLength(path) <= PATH_BYTES_MAX) return { path, release: () => {} };
  // A folder that only its owner can enter: nobody else can put another socket in the way.
  const folder = mkdtempSync(join(tmpdir(), 'sluice-'));
  symlinkSync(dirname(path), join(folder, 'd'));
  return { path: join(folder, 'd', basename(path)), release: () => rmSync(folder, { recursive: true, force: true }) };
}

async function reply(line: string, answer: (question: Question) => Promise<unknown>): Promise<Answer> {
  try {
    return { ok: await answer(JSON.parse(line) as Question) };
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  }
}
