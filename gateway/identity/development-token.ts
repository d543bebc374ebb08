/** One token for one account on one machine: enough to trade with curl, until people log in. */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AccountId } from '../../schemas/generated/records.ts';

/** The account that the token of a data directory trades for. */
export const DEVELOPMENT_ACCOUNT = 100 as AccountId;

const TOKEN = /^[A-Za-z0-9_-]{43}$/;

export interface DevelopmentToken {
  readonly token: string;
  readonly accountOf: (presented: string) => AccountId | undefined;
}

/** Reads the token of a data directory, or makes one, readable by the owner only. */
export function developmentToken(dataDir: string): DevelopmentToken {
  const path = join(dataDir, 'token');
  const kept = existsSync(path) ? readFileSync(path, 'utf8').trim() : '';
  const token = TOKEN.test(kept) ? kept : randomBytes(32).toString('base64url');
  if (token !== kept) {
    writeFileSync(path, `${token}\n`, { mode: 0o600 });
    chmodSync(path, 0o600);
  }
  const digest = digestOf(token);
  return {
    token,
    accountOf: (presented) => (timingSafeEqual(digestOf(presented), digest) ? DEVELOPMENT_ACCOUNT : undefined),
  };
}

function digestOf(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
