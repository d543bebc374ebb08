import { createHash, createHmac, type KeyObject, timingSafeEqual, verify } from 'node:crypto';
import type { Micros } from '../../schemas/generated/records.ts';
import type { GatewayClock } from '../ports.ts';
import type { LiveKey } from './credential-book.ts';
import { AuthenticationFailed, type CredentialRequest, type SignedRequest } from './principal.ts';
import type { SeenRequests } from './seen-requests.ts';
import { signatureHeaders, signingString } from './signing-string.ts';

/** A request may be signed by a clock that is ahead by less than this. */
const AHEAD_MS = 1_000;
const KEY_ID = /^key_[A-Za-z0-9_-]{22}$/;
const TIMESTAMP = /^[1-9]\d{12}$/;
const NONCE = /^[A-Za-z0-9_-]{8,64}$/;
const HMAC_BYTES = 32;
const ED25519_BYTES = 64;

const NOBODY = Buffer.alloc(HMAC_BYTES);

export interface SignedRequestsOptions {
  /** The key of an id, wherever it is known; throws where that cannot be said. */
  readonly keyOf: (keyId: string) => Promise<LiveKey | undefined> | LiveKey | undefined;
  readonly seen: SeenRequests;
  readonly clock: GatewayClock;
  /** Requests that were signed by then were perhaps taken by the process before this one, which remembered them. */
  readonly notBeforeMs: number;
}

/**
 * Checks signed requests: form, key, signature, key's expiry and addresses, age, and that the request did not come
 * before. Everything up to the signature fails alike, so a stranger learns nothing of keys.
 *
 * @throws AuthenticationFailed
 */
export class SignedRequests {
  readonly #options: SignedRequestsOptions;
  #nowMs = 0;

  constructor(options: SignedRequestsOptions) {
    this.#options = options;
  }

  async verify(request: CredentialRequest): Promise<{ readonly key: LiveKey; readonly signed: SignedRequest }> {
    const { keyOf, clock } = this.#options;
    const { headers } = request;
    const keyId = oneOf(headers, signatureHeaders.key, KEY_ID, 'the id of a key: key_ and 22 characters');
    const timestamp = oneOf(headers, signatureHeaders.timestamp, TIMESTAMP, 'milliseconds since 1970, 13 digits');
    const nonce = oneOf(headers, signatureHeaders.nonce, NONCE, '8 to 64 of letters, digits, _ and -');
    const signature = signatureOf(headers);
    const message = Buffer.from(messageOf(request, timestamp, nonce));
    const key = await keyOf(keyId);
    if (!isSignedBy(key, message, signature)) throw failed();
    const nowMicros = clock.nowMicros();
    if (key.expiresAt !== null && key.expiresAt <= nowMicros) throw failed();
    if (!key.addresses.includes(request.address)) throw failed();
    const timestampMs = Number(timestamp);
    const requestId = createHash('sha256').update(`${key.keyId}\n${timestamp}\n${nonce}`).digest('hex').slice(0, 32);
    this.#judgeTime(key, timestampMs, requestId, Math.floor(nowMicros / 1000));
    const validUntilMicros = ((timestampMs + key.windowMs) * 1000) as Micros;
    return { key, signed: { validUntilMicros, requestId } };
  }

  #judgeTime(key: LiveKey, timestampMs: number, requestId: string, nowMs: number): void {
    // Time goes on, or stands: a clock that was set back must not make young what was forgotten for its age.
    this.#nowMs = Math.max(this.#nowMs, nowMs);
    const now = this.#nowMs;
    if (timestampMs >= now + AHEAD_MS || now - timestampMs > key.windowMs) {
      throw new AuthenticationFailed(
        'timestamp_out_of_window',
        `The request was signed at ${timestampMs}, the gateway's clock says ${now}.`,
        signatureHeaders.timestamp,
        `at most ${key.windowMs} ms old, and less than ${AHEAD_MS} ms ahead`,
      );
    }
    if (timestampMs <= this.#options.notBeforeMs) {
      throw new AuthenticationFailed(
        'timestamp_out_of_window',
        'The gateway has just started, and takes only what was signed since: sign again.',
        signatureHeaders.timestamp,
        `after ${this.#options.notBeforeMs}`,
      );
    }
    const seen = this.#options.seen.add(key.keyId, requestId, timestampMs + key.windowMs, now);
    if (seen === 'again') {
      throw new AuthenticationFailed(
        'unauthenticated',
        'This signed request came before: sign each with another nonce.',
        signatureHeaders.nonce,
      );
    }
    if (seen === 'full') {
      throw new AuthenticationFailed(
        'unavailable',
        'The gateway can remember no more signed requests just now.',
        signatureHeaders.nonce,
      );
    }
  }
}

/** Whether a request presents a signature. */
export function isSigned({ headers }: CredentialRequest): boolean {
  return Object.values(signatureHeaders).some((name) => headers[name] !== undefined);
}

function messageOf({ method, path, rawBody }: CredentialRequest, timestamp: string, nonce: string): string {
  const query = path.indexOf('?');
  const [pathOnly, rawQuery] = query < 0 ? [path, ''] : [path.slice(0, query), path.slice(query + 1)];
  const bodyHash = createHash('sha256').update(rawBody).digest('hex');
  return signingString(method, pathOnly, rawQuery, bodyHash, timestamp, nonce);
}

/** Of an unknown key, or a signature of the wrong length, the same work is done as of any other. */
function isSignedBy(key: LiveKey | undefined, message: Buffer, signature: Buffer): key is LiveKey {
  if (key?.kind === 'ed25519') {
    return signature.length === ED25519_BYTES && verify(null, message, key.key as KeyObject, signature);
  }
  const expected = createHmac('sha256', key ? (key.key as Buffer) : NOBODY)
    .update(message)
    .digest();
  const presented = signature.length === HMAC_BYTES ? signature : NOBODY;
  return timingSafeEqual(expected, presented) && signature.length === HMAC_BYTES && key !== undefined;
}

function signatureOf(headers: CredentialRequest['headers']): Buffer {
  const name = signatureHeaders.signature;
  const text = oneOf(headers, name, /^[A-Za-z0-9_-]{43,86}$/, 'base64url of 32 bytes (HMAC) or 64 (Ed25519)');
  const bytes = Buffer.from(text, 'base64url');
  // One signature has one spelling: bits that base64url would ignore are not ignored.
  if (bytes.toString('base64url') !== text) throw failed();
  return bytes;
}

function oneOf(headers: CredentialRequest['headers'], name: string, form: RegExp, allowed: string): string {
  const value = headers[name];
  if (typeof value === 'string' && form.test(value)) return value;
  throw new AuthenticationFailed('unauthenticated', `${name} is missing or does not fit: ${allowed}.`, name, allowed);
}

function failed(): AuthenticationFailed {
  return new AuthenticationFailed(
    'unauthenticated',
    'The signature does not fit: check key, signed string, expiry and the addresses that the key may come from.',
    signatureHeaders.signature,
  );
}
