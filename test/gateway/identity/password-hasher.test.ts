import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { scryptSync } from 'node:crypto';
import { afterEach, describe, test } from 'node:test';
import { HashingBusy, PasswordHasher } from '../../../gateway/identity/password-hasher.ts';

const CHEAP = 2 ** 10;

describe('passwords', () => {
  const open: PasswordHasher[] = [];
  afterEach(() => {
    for (const hasher of open.splice(0)) hasher.close();
  });
  const hasherOf = (cost?: number): PasswordHasher => {
    const hasher = new PasswordHasher(cost);
    open.push(hasher);
    return hasher;
  };

  test('are hashed by scrypt with N = 2^17, r = 8, p = 1, each with a salt of its own', async () => {
    const hasher = hasherOf();
    const hash = await hasher.hash('correct horse');
    const [name, cost, blockSize, parallel, salt, key] = hash.split('$');
    assert.deepEqual([name, cost, blockSize, parallel], ['scrypt', '131072', '8', '1']);
    const again = scryptSync('correct horse', Buffer.from(salt!, 'base64url'), 32, {
      N: 131_072,
      r: 8,
      p: 1,
      maxmem: 2 ** 28,
    });
    assert.equal(key, again.toString('base64url'));
  });

  test('fit their own hash, written by any cost, and no other', async () => {
    const hasher = hasherOf(CHEAP);
    const hash = await hasher.hash('Ångström 12');
    assert.notEqual(hash, await hasher.hash('Ångström 12'));
    assert.equal(await hasherOf(2 ** 11).verify('Ångström 12', hash), true, 'in another spelling of the same letters');
    assert.equal(await hasher.verify('Angstrom 12', hash), false);
    assert.equal(await hasher.verify('', hash), false);
  });

  test('of nobody take the same work, and fit nothing', async () => {
    const hasher = hasherOf(CHEAP);
    const unknown = hasher.verify('anything', undefined);
    assert.equal(hasher.busy, 1);
    assert.equal(await unknown, false);
    assert.equal(await hasher.verify('anything', 'scrypt$damaged'), false);
  });

  test('are refused when three are at work', async () => {
    const hasher = hasherOf(CHEAP);
    const three = [1, 2, 3].map((number) => hasher.hash(`password ${number}`));
    await assert.rejects(hasher.hash('a fourth'), HashingBusy);
    assert.equal(new Set(await Promise.all(three)).size, 3);
    await hasher.hash('a fourth, later');
  });

  test('are hashed by another process, which is started again when it dies', async () => {
    const hasher = hasherOf(CHEAP);
    await hasher.hash('first');
    const children = () =>
      execFileSync('ps', ['-o', 'pid=,args=', '--ppid', String(process.pid)], { encoding: 'utf8' })
        .split('\n')
        .filter((line) => line.includes('hash-passwords'))
        .map((line) => Number(line.trim().split(/\s+/)[0]));
    const [child] = children();
    assert.ok(child);
    process.kill(child, 'SIGKILL');
    await hasher.hash('lost').catch((error: unknown) => assert.ok(error instanceof HashingBusy));
    await hasher.hash('second');
    assert.notEqual(children()[0], child);
  });
});
