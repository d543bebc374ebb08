/**
 * Programs of the servers, fetched and built once per machine and kept outside the checkout: `$XDG_CACHE_HOME/sluice`, by
 * default `~/.cache/sluice`. What lies there under its name is whole: it is made aside and renamed.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { MissingServer } from './missing-server.ts';

export type Say = (line: string) => void;

/** Longer than the longest build on a slow machine. */
const BUILD_DEADLINE_MS = 20 * 60_000;
const POLL_MS = 200;
/** A lock without the number of its owner: whoever made it was killed in between. */
const LOCK_WITHOUT_OWNER_MS = 5_000;

export function toolsCache(): string {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'sluice');
}

/**
 * The folder of a thing in the cache; `build` fills a new one where there is none. Of several processes that want the same
 * thing one builds and the others wait.
 */
export async function builtOnce(name: string, build: (folder: string) => Promise<void>): Promise<string> {
  const target = join(toolsCache(), name);
  if (existsSync(target)) return target;
  mkdirSync(dirname(target), { recursive: true });
  const release = await lock(`${target}.lock`, () => existsSync(target));
  const aside = `${target}.new`;
  try {
    if (existsSync(target)) return target;
    rmSync(aside, { recursive: true, force: true });
    mkdirSync(aside, { recursive: true });
    await build(aside);
    renameSync(aside, target);
    return target;
  } finally {
    rmSync(aside, { recursive: true, force: true });
    release();
  }
}

export interface Tool {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd?: string;
  readonly environment?: { readonly [name: string]: string };
  /** How to get the command, where it is missing: half a sentence. */
  readonly get: string;
  readonly deadlineMs?: number;
}

/** Runs a tool to its end and answers what it printed. Throws {@link MissingServer} where there is no such command. */
export function runTool(tool: Tool): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(tool.command, tool.args, {
      cwd: tool.cwd,
      env: { ...process.env, ...tool.environment },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: tool.deadlineMs ?? BUILD_DEADLINE_MS,
      killSignal: 'SIGKILL',
    });
    let printed = '';
    let said = '';
    child.stdout.on('data', (piece: Buffer) => {
      printed += piece.toString('utf8');
    });
    child.stderr.on('data', (piece: Buffer) => {
      said = (said + piece.toString('utf8')).slice(-4_000);
    });
    child.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') reject(new MissingServer(`there is no ${tool.command} here: ${tool.get}`));
      else reject(error);
    });
    child.on('close', (code, signal) => {
      if (code === 0) return resolve(printed);
      const words = `${printed.slice(-2_000)}\n${said}`.trim();
      reject(new Error(`${tool.command} ${tool.args.join(' ')} ended with ${signal ?? code}:\n${words}`));
    });
  });
}

/** A Go program at a fixed version, built through the module proxy. Answers the path of the binary. */
export async function goProgram(name: string, module: string, version: string, say: Say): Promise<string> {
  const folder = await builtOnce(`${name}-${version}`, async (aside) => {
    say(`builds ${name} ${version} from ${module}, once`);
    await runTool({
      command: 'go',
      args: ['install', `${module}@${version}`],
      environment: { CGO_ENABLED: '0', GOBIN: aside, GOFLAGS: '-ldflags=-w' },
      get: 'install Go 1.24 or later (https://go.dev/dl, or apt-get install golang)',
    });
  });
  return join(folder, module.split('/').at(-1)!);
}

/** Takes a lock that survives no owner; gives up waiting when `done`. Answers how to release it. */
async function lock(path: string, done: () => boolean): Promise<() => void> {
  const owner = join(path, 'owner');
  const deadline = performance.now() + BUILD_DEADLINE_MS;
  while (performance.now() < deadline) {
    try {
      mkdirSync(path);
      writeFileSync(owner, `${process.pid}`);
      return () => rmSync(path, { recursive: true, force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    if (done()) return () => {};
    if (isStale(path, owner)) rmSync(path, { recursive: true, force: true });
    else await sleep(POLL_MS);
  }
  throw new Error(`${path} is held for too long: remove it`);
}

function isStale(path: string, owner: string): boolean {
  try {
    const pid = Number(readFileSync(owner, 'utf8'));
    if (!Number.isInteger(pid) || pid <= 0) throw new TypeError('half written');
    process.kill(pid, 0);
    return false;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return true;
    if ((error as NodeJS.ErrnoException).code === 'EPERM') return false;
  }
  try {
    return Date.now() - statSync(path).mtimeMs > LOCK_WITHOUT_OWNER_MS;
  } catch {
    return false;
  }
}
