import { StateHash } from '../accounts/state-hash.ts';

/** Hash of a canonical snapshot, eight bytes at a time. */
export function hashOfBytes(bytes: Uint8Array): string {
  const hash = new StateHash();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const whole = bytes.length - (bytes.length % 8);
  for (let at = 0; at < whole; at += 8) hash.mixWords(view.getInt32(at, true), view.getInt32(at + 4, true));
  for (let at = whole; at < bytes.length; at += 1) hash.mixWords(bytes[at]!, at);
  hash.endItem();
  return hash.digest();
}
