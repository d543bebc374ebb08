import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import type { ExitError } from '../../schemas/exit.ts';
import { runnableBinaries, type ServerBinaries, serverBinaries } from '../../sinks/postgres-ledger/server-binaries.ts';
import { canReach, type ServerUser, serverUser } from '../../sinks/postgres-ledger/server-user.ts';

const skip = process.getuid?.() === 0 ? false : 'only root starts a server as another user';
const temporaryBefore = process.env.TMPDIR;
let open: string;
let closed: string;

beforeEach(() => {
  open = mkdtempSync(join(tmpdir(), 'sluice-open-'));
  chmodSync(open, 0o755);
  closed = mkdtempSync(join(tmpdir(), 'sluice-closed-'));
  process.env.TMPDIR = open;
});
afterEach(() => {
  if (temporaryBefore === undefined) delete process.env.TMPDIR;
  else process.env.TMPDIR = temporaryBefore;
  for (const folder of [open, closed]) rmSync(folder, { recursive: true, force: true });
});

/** The programs in a folder that others may not pass, as in a checkout in root's home. */
async function hidden(): Promise<ServerBinaries> {
  const { folder } = await serverBinaries();
  const copy = join(closed, 'native');
  cpSync(folder, copy, { recursive: true, verbatimSymlinks: true });
  const program = (name: string): string => join(copy, 'bin', name);
  return { initdb: program('initdb'), pgCtl: program('pg_ctl'), postgres: program('postgres'), folder: copy };
}

test('programs that the server can reach stay where they are', async () => {
  const ourselves: ServerUser = { uid: undefined, gid: undefined, prefix: [] };
  const binaries = await serverBinaries();
  assert.equal(runnableBinaries(binaries, ourselves, assert.fail), binaries);
});

test('programs in a folder closed to the server are copied once, and run', { skip }, async () => {
  const user = serverUser(join(open, 'cluster'));
  const binaries = await hidden();
  assert.equal(canReach(binaries.postgres, user), false);
  const said: string[] = [];
  const copy = runnableBinaries(binaries, user, (line) => said.push(line));
  assert.ok(copy.folder.startsWith(open));
  const { stdout } = spawnSync(copy.postgres, ['--version'], {
    uid: user.uid,
    gid: user.gid,
    cwd: '/',
    encoding: 'utf8',
  });
  assert.match(stdout, /^postgres \(PostgreSQL\) 18/);
  assert.deepEqual(
    runnableBinaries(binaries, user, (line) => said.push(line)),
    copy,
  );
  assert.equal(said.length, 1, 'the second start finds the copy');
  assert.deepEqual(readdirSync(open).length, 1, 'nothing half made is left');
});

test('a copy of which files were cleaned away is made anew; one that is not ours is refused', { skip }, async () => {
  const user = serverUser(join(open, 'cluster'));
  const binaries = await hidden();
  const copy = runnableBinaries(binaries, user, () => undefined);
  rmSync(join(copy.folder, 'lib'), { recursive: true });
  runnableBinaries(binaries, user, () => undefined);
  assert.ok(existsSync(join(copy.folder, 'lib')));
  rmSync(copy.folder, { recursive: true });
  mkdirSync(copy.folder);
  chmodSync(copy.folder, 0o777);
  assert.throws(
    () => runnableBinaries(binaries, user, () => undefined),
    (error: ExitError) => error.code === 78 && /in the way/.test(error.message),
  );
});
