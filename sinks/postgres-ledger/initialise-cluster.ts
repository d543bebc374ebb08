import { spawn } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { ExitError } from '../../schemas/exit.ts';
import { clusterFolder, type Passwords, roleNames } from './access.ts';
import type { ServerBinaries } from './server-binaries.ts';
import { serverEnvironment } from './server-environment.ts';
import type { ServerUser } from './server-user.ts';

const INITDB_DEADLINE_MS = 120_000;
/** What the package brings; a folder of another version needs another package. */
const MAJOR_VERSION = '18';

/**
 * Make the data folder of the embedded server where there is none: UTF-8 whatever the environment says, checksums,
 * SCRAM for everybody. It is made aside and renamed, so that a folder under its name is always whole.
 * Throws `ExitError` 78 where a folder of another PostgreSQL version lies there, or initdb fails.
 */
export async function initialiseCluster(
  directory: string,
  binaries: ServerBinaries,
  user: ServerUser,
  passwords: Passwords,
): Promise<void> {
  const cluster = clusterFolder(directory);
  if (existsSync(cluster)) {
    checkVersion(cluster);
    return;
  }
  const fresh = `${cluster}.new`;
  const passwordFile = join(directory, 'initdb-password');
  rmSync(fresh, { recursive: true, force: true });
  mkdirSync(fresh, { mode: 0o700 });
  chmodSync(fresh, 0o700);
  writeFileSync(passwordFile, `${passwords.owner}\n`, { mode: 0o600 });
  try {
    if (user.uid !== undefined && user.gid !== undefined) {
      chownSync(fresh, user.uid, user.gid);
      chownSync(passwordFile, user.uid, user.gid);
    }
    await run(user, binaries.initdb, [
      `--pgdata=${fresh}`,
      `--username=${roleNames.owner}`,
      `--pwfile=${passwordFile}`,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      '--no-locale',
      '--data-checksums',
      '--no-instructions',
    ]);
  } finally {
    rmSync(passwordFile, { force: true });
  }
  const rules =
    '# Everybody comes over the loopback address and proves a password.\nhost all all 127.0.0.1/32 scram-sha-256\n';
  writeFileSync(join(fresh, 'pg_hba.conf'), rules, { flush: true });
  renameSync(fresh, cluster);
  syncFolder(directory);
}

function checkVersion(cluster: string): void {
  const path = join(cluster, 'PG_VERSION');
  const found = existsSync(path) ? readFileSync(path, 'utf8').trim() : 'none';
  if (found !== MAJOR_VERSION) {
    throw new ExitError(
      78,
      `${cluster} holds a database of PostgreSQL ${found}, this is PostgreSQL ${MAJOR_VERSION}. ` +
        'The ledger can be made again from the log: move the folder away and start.',
    );
  }
}

function run(user: ServerUser, program: string, args: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const [command, ...before] = [...user.prefix, program];
    const ids = user.prefix.length === 0 ? { uid: user.uid, gid: user.gid } : {};
    const child = spawn(command!, [...before, ...args], {
      ...(ids.uid === undefined ? {} : ids),
      env: serverEnvironment(),
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: INITDB_DEADLINE_MS,
      killSignal: 'SIGKILL',
    });
    let output = '';
    const collect = (chunk: Buffer): void => {
      output = (output + chunk.toString('utf8')).slice(-4000);
    };
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    child.on('error', (cause) => reject(new ExitError(78, `initdb cannot be started: ${cause.message}`, { cause })));
    child.on('close', (code, signal) => {
      if (code === 0) resolve();
      else reject(new ExitError(78, `initdb failed (${signal ?? code}): ${output.trim()}`));
    });
  });
}

function syncFolder(folder: string): void {
  const fd = openSync(folder, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
