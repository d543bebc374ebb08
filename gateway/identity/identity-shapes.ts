/** Shapes of what identity is asked and answers. */
import { z } from 'zod';
import { decimalShape, idAnswer, instantAnswer, instantShape, text, word } from '../rest/field-shapes.ts';
import { parseNetwork } from './address-list.ts';
import { isEd25519PublicKey } from './key-ring.ts';
import { ROLES, SCOPES } from './principal.ts';

const EMAIL_ALLOWED = 'an e-mail address of at most 200 characters, such as "ada@example.com"';
const PASSWORD_ALLOWED = '10 to 128 characters';
const ADDRESSES_ALLOWED = 'at most 20 addresses or networks such as "192.0.2.7" or "2001:db8::/32"';
const PUBLIC_KEY_ALLOWED = 'the 32 bytes of an Ed25519 public key as base64url, 43 characters';
const KEY_KINDS = ['ed25519', 'hmac-sha256'] as const;

const email = text(/^[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63}){0,4}$/, EMAIL_ALLOWED)
  .refine((given) => given.length <= 200, EMAIL_ALLOWED)
  .transform((given) => given.toLowerCase());
const password = z.string(PASSWORD_ALLOWED).refine((given) => {
  // Characters as people count them, and no more bytes than a hash should be asked to chew.
  const count = [...given].length;
  return count >= 10 && count <= 128 && given.isWellFormed();
}, PASSWORD_ALLOWED);
/** `cookie`: the refresh token goes into a cookie that no script reads, and into no body. */
const refreshIn = word(['body', 'cookie'] as const).optional();

export const credentialsBody = z.strictObject({ email, password, refresh_in: refreshIn });
/** A refresh token of another form is refused like a wrong one. */
export const refreshBody = z.strictObject({ refresh_token: z.string('a refresh token').max(200).optional() });
export const keyParams = z.strictObject({
  key: text(/^key_[A-Za-z0-9_-]{22}$/, 'the id of a key: key_ and 22 characters'),
});
export const keyBody = z.strictObject({
  name: text(/^[\p{L}\p{N} ._:-]{1,64}$/u, '1 to 64 of letters, digits, spaces and . _ : -'),
  kind: word(KEY_KINDS),
  public_key: text(/^[A-Za-z0-9_-]{43}$/, PUBLIC_KEY_ALLOWED)
    .transform((given) => Buffer.from(given, 'base64url'))
    .refine((bytes) => isEd25519PublicKey(bytes), PUBLIC_KEY_ALLOWED)
    .optional(),
  scopes: z
    .array(word(SCOPES), SCOPES.join(', '))
    .min(1, 'at least one scope')
    .max(SCOPES.length, SCOPES.join(', '))
    .refine((scopes) => new Set(scopes).size === scopes.length, 'each scope once'),
  addresses: z
    .array(
      text(/^[0-9a-fA-F.:/]{2,49}$/, ADDRESSES_ALLOWED).refine(
        (given) => parseNetwork(given) !== undefined,
        ADDRESSES_ALLOWED,
      ),
      ADDRESSES_ALLOWED,
    )
    .max(20, ADDRESSES_ALLOWED)
    .optional(),
  window_ms: text(/^[1-9]\d{0,4}$/, 'milliseconds from "1" to "60000"')
    .refine((digits) => Number(digits) <= 60_000, 'milliseconds from "1" to "60000"')
    .optional(),
  expires_at: instantShape.optional(),
});
export type KeyBody = z.infer<typeof keyBody>;

const role = z.enum(ROLES);
const scope = z.enum(SCOPES);

export const tokensAnswer = z.strictObject({
  user_id: z.string(),
  account: idAnswer,
  roles: z.array(role),
  token_type: z.literal('Bearer'),
  access_token: z.string(),
  access_expires_at: instantAnswer,
  refresh_token: z.string().optional(),
  refresh_expires_at: instantAnswer,
});
export const loggedOutAnswer = z.strictObject({ logged_out: z.literal(true) });
export const keyAnswer = z.strictObject({
  key_id: z.string(),
  name: z.string(),
  kind: z.enum(KEY_KINDS),
  scopes: z.array(scope),
  addresses: z.array(z.string()),
  window_ms: decimalShape,
  created_at: instantAnswer,
  expires_at: instantAnswer.nullable(),
});
export const newKeyAnswer = keyAnswer.extend({ secret: z.string().optional() });
export const keysAnswer = z.strictObject({ keys: z.array(keyAnswer) });
export const revokedAnswer = z.strictObject({ key_id: z.string(), revoked: z.literal(true), control_offset: idAnswer });
export const accountAnswer = z.strictObject({
  account: idAnswer,
  user_id: z.string(),
  /** Null where the database is away, or the account is the development token's. */
  email: z.string().nullable(),
  roles: z.array(role),
  scopes: z.array(scope),
  credential: z.strictObject({
    kind: z.enum(['session', 'key', 'development-token']),
    id: z.string().nullable(),
    expires_at: instantAnswer.nullable(),
  }),
});
