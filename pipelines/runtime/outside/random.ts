/** Randomness as the runtime sees it: for tokens, passwords and seeds, never for what an operator decides. */
export interface Random {
  /** Bytes that nobody can guess. */
  bytes(count: number): Uint8Array;
  /** A whole number from 0 up to, not including, `limit`; `limit` at most 2^32. */
  below(limit: number): number;
}
