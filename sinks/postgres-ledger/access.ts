import { randomBytes } from 'node:crypto';
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { ExitError } from '../../schemas/exit.ts';
import { readPostmasterFile } from './postmaster-file.ts';

/** Where a database is and who asks. */
export interface ConnectionSettings {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  readonly password: string;
  /** Encrypted, with the server's certificate verified; not given: plain, for the loopback address. */
  readonly ssl?: { readonly ca?: string; readonly servername?: string };
}

/** owner: migrations, and nothing else. settle: writes entries. reader: reads. */
export type LedgerRole = 'owner' | 'settle' | 'reader';

export const roleNames: { readonly [Role in LedgerRole]: string } = {
  owner: 'sluice',
  settle: 'sluice_settle',
  reader: 'sluice_reader',
};

/** Where to find the ledger at this moment; asked before every new connection, as a restart may change the port. */
export type LedgerAccess = (role: LedgerRole) => ConnectionSettings;

export const DATABASE = 'sluice';

/** Passwords of the roles of one data directory. */
export type Passwords = { readonly [Role in LedgerRole]: string };

const FILE = 'passwords.json';

export function clusterFolder(directory: string): string {
  return join(directory, 'cluster');
}

/**
 * The passwords of a PostgreSQL directory, random and made at the first call; readable by ourselves only.
 * Throws `ExitError` 78 where the file is damaged, or missing beside a cluster that was made with one.
 */
export function passwordsOf(directory: string): Passwords {
  const path = join(directory, FILE);
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return makePasswords(directory, path);
  }
  try {
    const found = JSON.parse(text) as Record<string, unknown>;
    for (const role of Object.keys(roleNames)) {
      if (typeof found[role] !== 'string' || found[role] === '') throw new TypeError(`no password of "${role}"`);
    }
    return found as Passwords;
  } catch (cause) {
    throw new ExitError(
      78,
      `${path} is damaged (${(cause as Error).message}). The ledger can be made again from the log: move ${directory} away and start.`,
      { cause },
    );
  }
}

/** Access to the embedded server of a PostgreSQL directory, wherever it listens now. */
export function embeddedAccess(directory: string): LedgerAccess {
  const passwords = passwordsOf(directory);
  return (role) => {
    const running = readPostmasterFile(clusterFolder(directory));
    if (!running?.ready) {
      throw Object.assign(new Error(`no PostgreSQL server answers in ${directory}`), { code: 'ECONNREFUSED' });
    }
    return {
      host: '127.0.0.1',
      port: running.port,
      database: DATABASE,
      user: roleNames[role],
      password: passwords[role],
    };
  };
}

function makePasswords(directory: string, path: string): Passwords {
  if (existsSync(join(clusterFolder(directory), 'PG_VERSION'))) {
    throw new ExitError(
      78,
      `${path} is missing beside a database that was made with it. The ledger can be made again from the log: move ${directory} away and start.`,
    );
  }
  mkdirSync(directory, { recursive: true });
  const draw = (): string => randomBytes(24).toString('base64url');
  const passwords: Passwords = { owner: draw(), settle: draw(), reader: draw() };
  const fd = openSync(`${path}.new`, 'w', 0o600);
  try {
    const bytes = Buffer.from(JSON.stringify(passwords));
    for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  renameSync(`${path}.new`, path);
  return passwords;
}
