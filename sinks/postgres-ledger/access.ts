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

/** owner: migrations, and nothing else. settle: writes entries. reader: reads. identity: users, keys, operators' orders. */
export type LedgerRole = 'owner' | 'settle' | 'reader' | 'identity';

export const roleNames: { readonly [Role in LedgerRole]: string } = {
  owner: 'sluice',
  settle: 'sluice_settle',
  reader: 'sluice_reader',
  identity: 'sluice_identity',
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
  let found: Record<string, unknown>;
  try {
    found = JSON.parse(text) as Record<string, unknown>;
    for (const role of Object.keys(roleNames)) {
      // A directory made before there was this role gets its password now; its log-in is given at the start that follows.
      if (role === 'identity' && found[role] === undefined) continue;
      if (typeof found[role] !== 'string' || found[role] === '') throw new TypeError(`no password of "${role}"`);
    }
  } catch (cause) {
    throw new ExitError(
      78,
      `${path} is damaged (${(cause as Error).message}). The ledger can be made again from the log (users and keys cannot: restore the file from a backup where there is one); else move ${directory} away and start.`,
      { cause },
    );
  }
  if (found.identity === undefined) {
    found.identity = drawPassword();
    writePasswords(path, found as Passwords);
  }
  return found as Passwords;
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
  const passwords: Passwords = {
    owner: drawPassword(),
    settle: drawPassword(),
    reader: drawPassword(),
    identity: drawPassword(),
  };
  writePasswords(path, passwords);
  return passwords;
}

function drawPassword(): string {
  return randomBytes(24).toString('base64url');
}

function writePasswords(path: string, passwords: Passwords): void {
  const fd = openSync(`${path}.new`, 'w', 0o600);
  try {
    const bytes = Buffer.from(JSON.stringify(passwords));
    for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  renameSync(`${path}.new`, path);
}
