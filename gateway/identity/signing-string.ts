/** What is signed of a request. No import: bots, browsers and gateways share this file. */

/**
 * Every part ends with a line break that the part itself cannot hold, so no byte can move from one part to another.
 *
 * @param method in capitals
 * @param path of the address, without its query
 * @param rawQuery what follows the question mark, as it is sent; empty without one
 * @param bodySha256Hex of the body's bytes as they are sent, in lower case; of no bytes where there is no body
 * @param timestampMs milliseconds since 1970, UTC, in decimal digits
 * @param nonce 8 to 64 of letters, digits, `_` and `-`, another one for each request
 */
export function signingString(
  method: string,
  path: string,
  rawQuery: string,
  bodySha256Hex: string,
  timestampMs: string,
  nonce: string,
): string {
  return `${method}\n${path}\n${rawQuery}\n${bodySha256Hex}\n${timestampMs}\n${nonce}`;
}

/** The headers that carry a signature. */
export const signatureHeaders = {
  key: 'sluice-key',
  timestamp: 'sluice-timestamp',
  nonce: 'sluice-nonce',
  signature: 'sluice-signature',
} as const;
