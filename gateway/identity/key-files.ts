/** The secrets of a gateway that lie beside the database, not in it: files of the data directory, for the owner only. */
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { ExitError } from '../../schemas/exit.ts';

const SEALING_KEY_FILE = 'sealing-key';
const TOKEN_KEYS_FILE = 'token-keys.json';
const SEALING_KEY = /^[A-Za-z0-9_-]{43}$/;

/** Signs access tokens: Ed25519, as JWKs. */
export interface TokenKeyPair {
  readonly madeAtMicros: number;
  /** PKCS #8 and SPKI, PEM. */
  readonly privateKey: string;
  readonly publicKey: string;
}

export interface KeyFiles {
  /** 32 bytes: seals the secrets of HMAC keys. */
  readonly sealingKey: Buffer;
  /** Newest first: it signs; the others are still believed for as long as their last token lives. */
  readonly tokenKeys: readonly TokenKeyPair[];
  /** The directory held no keys before: nothing signed was ever accepted here. */
  readonly fresh: boolean;
}

/** A key signs for so long; then a start makes a new one, and the old one is believed for a day more. */
const SIGNS_FOR_MICROS = 30 * 86_400_000_000;
const BELIEVED_AFTER_MICROS = 86_400_000_000;

/** Reads the keys of a directory, or makes them. Throws `ExitError` 78 where a file is not what it should be. */
export function openKeyFiles(directory: string, nowMicros: number): KeyFiles {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  chmodSync(directory, 0o700);
  const fresh = !existsSync(join(directory, SEALING_KEY_FILE)) && !existsSync(join(directory, TOKEN_KEYS_FILE));
  return { sealingKey: sealingKey(directory), tokenKeys: tokenKeys(directory, nowMicros), fresh };
}

function sealingKey(directory: string): Buffer {
  const path = join(directory, SEALING_KEY_FILE);
  if (!existsSync(path)) writePrivately(path, `${randomBytes(32).toString('base64url')}\n`);
  const text = readFileSync(path, 'utf8').trim();
  if (!SEALING_KEY.test(text)) {
    throw new ExitError(
      78,
      `${path} holds no key (32 bytes as base64url); restore it: it opens the sealed API secrets`,
    );
  }
  return Buffer.from(text, 'base64url');
}

function tokenKeys(directory: string, nowMicros: number): TokenKeyPair[] {
  const path = join(directory, TOKEN_KEYS_FILE);
  const kept = existsSync(path) ? readTokenKeys(path) : [];
  const [newest] = kept;
  if (newest && newest.madeAtMicros + SIGNS_FOR_MICROS > nowMicros) return kept;
  const { privateKey, publicKey } = generateKeyPairSync('ed25519', {
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  const believed = kept.filter(
    ({ madeAtMicros }) => madeAtMicros + SIGNS_FOR_MICROS + BELIEVED_AFTER_MICROS > nowMicros,
  );
  const keys = [{ madeAtMicros: nowMicros, privateKey, publicKey }, ...believed];
  writePrivately(path, `${JSON.stringify(keys)}\n`);
  return keys;
}

function readTokenKeys(path: string): TokenKeyPair[] {
  try {
    const keys = JSON.parse(readFileSync(path, 'utf8')) as TokenKeyPair[];
    for (const { madeAtMicros, privateKey, publicKey } of keys) {
      if (!Number.isSafeInteger(madeAtMicros) || !privateKey.includes('PRIVATE') || !publicKey.includes('PUBLIC')) {
        throw new TypeError('a field is missing');
      }
    }
    return keys;
  } catch (cause) {
    const why = (cause as Error).message;
    throw new ExitError(78, `${path} is damaged (${why}); remove it: a new one is made, and people log in again`, {
      cause,
    });
  }
}

function writePrivately(path: string, text: string): void {
  const fd = openSync(`${path}.new`, 'w', 0o600);
  try {
    const bytes = Buffer.from(text);
    for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  chmodSync(`${path}.new`, 0o600);
  renameSync(`${path}.new`, path);
}
