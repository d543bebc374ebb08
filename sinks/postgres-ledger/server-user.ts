import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { ExitError } from '../../schemas/exit.ts';

/** Under which user the server's programs run, and what to put before their command line. */
export interface ServerUser {
  /** Undefined: as ourselves. */
  readonly uid: number | undefined;
  readonly gid: number | undefined;
  /** Program and arguments that start another program; empty: start it directly with uid and gid. */
  readonly prefix: readonly string[];
}

const OURSELVES: ServerUser = { uid: undefined, gid: undefined, prefix: [] };
const NAMES = ['postgres', 'nobody'];
const SETPRIV = ['/usr/bin/setpriv', '/bin/setpriv'];

/**
 * PostgreSQL refuses to run as root, so root's server runs as `postgres`, or as `nobody` where there is no such user. If
 * that user cannot pass one of the folders that lead to the data, the server keeps its own user and is given the
 * right to pass folders, and no other, through `setpriv`. Throws `ExitError` 78 that names the folder where even that is
 * not to be had.
 */
export function serverUser(dataFolder: string): ServerUser {
  if (process.getuid?.() !== 0) return OURSELVES;
  const user = unprivilegedUser();
  const closed = closedFolder(dataFolder, user);
  if (closed === undefined) return { uid: user.uid, gid: user.gid, prefix: [] };
  const setpriv = SETPRIV.find((path) => existsSync(path));
  if (setpriv === undefined) {
    throw new ExitError(
      78,
      `PostgreSQL runs as user "${user.name}" when started by root, and that user cannot enter ${closed}. ` +
        `Allow it (chmod o+x ${closed}), or put the data directory elsewhere, or run as an ordinary user.`,
    );
  }
  const ids = ['--reuid', `${user.uid}`, '--regid', `${user.gid}`, '--clear-groups'];
  const right = ['--inh-caps', '+dac_read_search', '--ambient-caps', '+dac_read_search'];
  return { uid: user.uid, gid: user.gid, prefix: [setpriv, ...ids, ...right, '--'] };
}

/** Whether a user of the server may reach `path`, whatever its own rights are. */
export function canReach(path: string, { uid, gid }: ServerUser): boolean {
  return uid === undefined || gid === undefined || closedFolder(path, { uid, gid }) === undefined;
}

function unprivilegedUser(): { name: string; uid: number; gid: number } {
  const rows = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'));
  for (const name of NAMES) {
    const row = rows.find((fields) => fields[0] === name);
    if (row) return { name, uid: Number(row[2]), gid: Number(row[3]) };
  }
  throw new ExitError(
    78,
    'PostgreSQL refuses to run as root, and there is no user "postgres" or "nobody" on this machine: add one, or run as an ordinary user.',
  );
}

/** The outermost folder on the way to `path` that the user may not pass; undefined: none. */
function closedFolder(path: string, user: { uid: number; gid: number }): string | undefined {
  const folders: string[] = [];
  for (let at = dirname(resolve(path)); ; at = dirname(at)) {
    folders.unshift(at);
    if (at === dirname(at)) break;
  }
  return folders.find((folder) => {
    const { mode, uid, gid } = statSync(folder);
    const bit = uid === user.uid ? 0o100 : gid === user.gid ? 0o010 : 0o001;
    return (mode & bit) === 0;
  });
}
