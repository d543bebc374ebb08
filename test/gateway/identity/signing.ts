/** Signs requests as a bot does. */
import { createHash, createHmac, type KeyObject, sign } from 'node:crypto';
import type { CredentialRequest } from '../../../gateway/identity/principal.ts';
import { signatureHeaders, signingString } from '../../../gateway/identity/signing-string.ts';

export interface BotKey {
  readonly keyId: string;
  /** Of an HMAC key its bytes, of an Ed25519 key its private half. */
  readonly secret: Buffer | KeyObject;
}

export interface Signing {
  readonly method?: string;
  readonly path?: string;
  readonly body?: string | Buffer;
  readonly timestampMs: number;
  readonly nonce?: string;
  readonly address?: string;
}

let nonces = 0;

export function signedRequest({ keyId, secret }: BotKey, signing: Signing): CredentialRequest {
  const { method = 'POST', path = '/v1/orders', body = '', timestampMs, address = '127.0.0.1' } = signing;
  const nonce = signing.nonce ?? `nonce-${String(++nonces).padStart(6, '0')}`;
  const rawBody = Buffer.from(body as string);
  const [pathOnly, rawQuery = ''] = splitOnce(path);
  const hash = createHash('sha256').update(rawBody).digest('hex');
  const text = signingString(method, pathOnly, rawQuery, hash, String(timestampMs), nonce);
  const signature = Buffer.isBuffer(secret)
    ? createHmac('sha256', secret).update(text).digest()
    : sign(null, Buffer.from(text), secret);
  return {
    method,
    path,
    rawBody,
    address,
    headers: {
      [signatureHeaders.key]: keyId,
      [signatureHeaders.timestamp]: String(timestampMs),
      [signatureHeaders.nonce]: nonce,
      [signatureHeaders.signature]: signature.toString('base64url'),
    },
  };
}

function splitOnce(path: string): [string, string?] {
  const at = path.indexOf('?');
  return at < 0 ? [path] : [path.slice(0, at), path.slice(at + 1)];
}
