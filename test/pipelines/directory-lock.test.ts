import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { lockDirectory, lockOwner } from '../../pipelines/runtime/outside/directory-lock.ts';
import { ExitError } from '../../schemas/exit.ts';

const folders: string[] = [];
const children: ChildProcess[] = [];
after(() => {
  for (const child of children) child.kill('SIGKILL');
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-lock-'));
  folders.push(folder);
  return folder;
}

const lockModule = new URL('../../pipelines/runtime/outside/directory-lock.ts', import.meta.url).href;

/** A process that takes the lock and lives; resolves when it has it. */
async function holder(folder: string): Promise<ChildProcess> {
  const script = `import { lockDirectory } from ${JSON.stringify(lockModule)}; lockDirectory(${JSON.stringify(folder)}); console.log('held'); setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  await once(child.stdout!, 'data');
  return child;
}

const isRefused = (error: unknown): boolean =>
  error instanceof ExitError && error.code === 78 && /one process owns a data directory/.test(error.message);

describe('the lock of a data directory', () => {
  it('refuses a second owner, in this process or another, and names the first', async () => {
    const folder = temporaryFolder();
    const lock = lockDirectory(folder);
    assert.equal(lock.takenOver, undefined);
    assert.throws(() => lockDirectory(folder), isRefused);
    lock.release();
    lock.release();
    assert.equal(lockOwner(folder), undefined);

    const child = await holder(folder);
    assert.equal(lockOwner(folder)?.processId, child.pid);
    assert.throws(
      () => lockDirectory(folder),
      (error) => isRefused(error) && String(error).includes(`process ${child.pid}`),
    );
  });

  it('is not lost by an owner that is stopped', async () => {
    const folder = temporaryFolder();
    const child = await holder(folder);
    child.kill('SIGSTOP');
    assert.throws(() => lockDirectory(folder), isRefused);
    child.kill('SIGCONT');
    assert.throws(() => lockDirectory(folder), isRefused);
  });

  it('is taken over from an owner that was killed', async () => {
    const folder = temporaryFolder();
    const child = await holder(folder);
    child.kill('SIGKILL');
    await once(child, 'exit');
    const lock = lockDirectory(folder);
    assert.equal(lock.takenOver?.processId, child.pid);
    assert.equal(lockOwner(folder)?.processId, process.pid);
    lock.release();
    assert.equal(lockDirectory(folder).takenOver, undefined);
  });

  it('is taken over when the process id lives on in another process, or the machine was started since', async () => {
    const folder = temporaryFolder();
    lockDirectory(folder).release();
    const child = await holder(temporaryFolder());
    const path = join(folder, 'lock.json');
    const here = temporaryFolder();
    const own = lockDirectory(here);
    const owner = JSON.parse(readFileSync(join(here, 'lock.json'), 'utf8')) as { [name: string]: unknown };
    own.release();
    for (const stale of [
      { ...owner, processId: child.pid, startedAt: '1' },
      { ...owner, processId: child.pid, bootId: 'another boot' },
      { ...owner, processId: 999_999_999 },
    ]) {
      writeFileSync(path, JSON.stringify(stale));
      const lock = lockDirectory(folder);
      assert.equal(lock.takenOver?.processId, stale.processId);
      lock.release();
    }
    writeFileSync(path, '{"processId":');
    lockDirectory(folder).release();
  });

  it('refuses by the named owner alone where the file system does not keep locks', {
    skip: process.platform !== 'linux',
  }, async () => {
    const folder = temporaryFolder();
    lockDirectory(folder).release();
    const elsewhere = temporaryFolder();
    await holder(elsewhere);
    writeFileSync(join(folder, 'lock.json'), readFileSync(join(elsewhere, 'lock.json')));
    assert.throws(() => lockDirectory(folder), isRefused);
  });
});
