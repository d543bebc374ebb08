/** What can go wrong, as values: no call of the client rejects for any of these. */

/** The exchange or its gateway said no, and nothing happened; or the answer is lost and nothing is known. */
export type ClientError =
  /** Refused, with a code of the API: nothing changed. */
  | {
      readonly kind: 'refused';
      readonly code: string;
      readonly message: string;
      readonly field?: string;
      readonly given?: unknown;
      readonly allowed?: string;
      readonly retryAfterMs?: number;
    }
  /** No answer came: it may or may not have happened. Ask again with the same client order id to learn which. */
  | { readonly kind: 'unknown'; readonly message: string }
  /** There was no connection, and nothing was sent. */
  | { readonly kind: 'offline'; readonly message: string };

export type Result<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: ClientError };

export const ok = <T>(value: T): Result<T> => ({ ok: true, value });
export const failed = (error: ClientError): { readonly ok: false; readonly error: ClientError } => ({
  ok: false,
  error,
});
