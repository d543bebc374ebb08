import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes, timingSafeEqual } from 'node:crypto';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { HashAnswer, HashOrder } from './hash-passwords.ts';

const PROGRAM = fileURLToPath(new URL('./hash-passwords.ts', import.meta.url));
const BLOCK_SIZE = 8;
const PARALLEL = 1;
const KEY_BYTES = 32;
const SALT_BYTES = 16;
/** scrypt with N = 2^17, r = 8, p = 1: 128 MB a password. */
const COST = 2 ** 17;
/** One at work and two that wait. */
const ORDERS_MAX = 3;
const DEADLINE_MS = 10_000;

const FORM = /^scrypt\$(\d{1,8})\$(\d{1,2})\$(\d{1,2})\$([A-Za-z0-9_-]{22})\$([A-Za-z0-9_-]{43})$/;

/** As many passwords are being hashed as may be: come again in a second. */
export class HashingBusy extends Error {
  override readonly name = 'HashingBusy';
}

/**
 * Hashes passwords in a child process, at most three at a time; one more is refused with {@link HashingBusy}. The child is
 * started by the first password, and again after its death.
 */
export class PasswordHasher {
  readonly #cost: number;
  readonly #waiting = new Map<number, { resolve(key: string): void; reject(error: Error): void }>();
  #child: ChildProcess | undefined;
  #lastId = 0;
  #closed = false;

  /** `cost` is scrypt's N; smaller than the default only where nothing depends on the secret. */
  constructor(cost: number = COST) {
    this.#cost = cost;
  }

  /** How many are being hashed. */
  get busy(): number {
    return this.#waiting.size;
  }

  /** `scrypt$N$r$p$salt$key`. */
  async hash(password: string): Promise<string> {
    const salt = randomBytes(SALT_BYTES).toString('base64url');
    const key = await this.#derive(password, salt, this.#cost, BLOCK_SIZE, PARALLEL);
    return ['scrypt', this.#cost, BLOCK_SIZE, PARALLEL, salt, key].join('$');
  }

  /** Whether `password` is the one of `hash`. Takes as long for `undefined`, which no password fits: an unknown user. */
  async verify(password: string, hash: string | undefined): Promise<boolean> {
    const parts = hash === undefined ? undefined : FORM.exec(hash);
    if (!parts) {
      await this.hash(password);
      return false;
    }
    const [, cost, blockSize, parallel, salt, key] = parts;
    const derived = await this.#derive(password, salt!, Number(cost), Number(blockSize), Number(parallel));
    return timingSafeEqual(Buffer.from(derived, 'base64url'), Buffer.from(key!, 'base64url'));
  }

  close(): void {
    this.#closed = true;
    this.#child?.kill('SIGKILL');
    this.#failAll(new HashingBusy('the gateway is closing'));
  }

  #derive(password: string, salt: string, cost: number, blockSize: number, parallel: number): Promise<string> {
    if (this.#closed || this.#waiting.size >= ORDERS_MAX) {
      return Promise.reject(new HashingBusy('as many passwords are being checked as can be'));
    }
    const id = ++this.#lastId;
    const order: HashOrder = {
      id,
      password: Buffer.from(password.normalize('NFC'), 'utf8').toString('base64url'),
      salt,
      cost,
      blockSize,
      parallel,
      bytes: KEY_BYTES,
    };
    return new Promise<string>((resolve, reject) => {
      // A child that hangs is worth no more than a dead one.
      const timer = setTimeout(() => this.#child?.kill('SIGKILL'), DEADLINE_MS);
      timer.unref();
      const settle = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(id);
      };
      this.#waiting.set(id, {
        resolve: (key) => {
          settle();
          resolve(key);
        },
        reject: (error) => {
          settle();
          reject(error);
        },
      });
      this.#childAtWork().stdin!.write(`${JSON.stringify(order)}\n`);
    });
  }

  #childAtWork(): ChildProcess {
    if (this.#child) return this.#child;
    const child = spawn(process.execPath, [PROGRAM], { stdio: ['pipe', 'pipe', 'inherit'], env: {} });
    this.#child = child;
    child.unref();
    // Its death is told by `close`; a broken pipe says the same once more.
    child.stdin!.on('error', () => {});
    child.on('error', () => this.#died(child));
    child.on('close', () => this.#died(child));
    createInterface({ input: child.stdout! }).on('line', (line) => {
      const { id, key } = JSON.parse(line) as HashAnswer;
      this.#waiting.get(id)?.resolve(key);
    });
    return child;
  }

  #died(child: ChildProcess): void {
    if (this.#child !== child) return;
    this.#child = undefined;
    this.#failAll(new HashingBusy('the process that checks passwords ended'));
  }

  #failAll(error: Error): void {
    for (const { reject } of [...this.#waiting.values()]) reject(error);
  }
}
