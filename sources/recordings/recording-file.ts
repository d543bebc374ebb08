import { readFileSync } from 'node:fs';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';

/** Largest recording read, decompressed. A day of one busy symbol is well below it. */
export const RECORDING_BYTES_MAX = 2 ** 30;

/**
 * The whole content of a recorded file: plain, gzip (told by its first two bytes) or Brotli (which has no mark of its
 * own, so told by the ending `.br`).
 *
 * Throws `RecordingError` where the file cannot be read or does not decompress.
 */
export function readRecording(path: string): Buffer {
  try {
    const bytes = readFileSync(path);
    const options = { maxOutputLength: RECORDING_BYTES_MAX };
    if (bytes.length > 2 && bytes[0] === 0x1f && bytes[1] === 0x8b) return gunzipSync(bytes, options);
    if (path.endsWith('.br')) return brotliDecompressSync(bytes, options);
    return bytes;
  } catch (cause) {
    throw new RecordingError(
      `${path} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`,
      cause,
    );
  }
}

/** The lines of a recorded text file, without line ends and without a last empty one. */
export function readRecordingLines(path: string): string[] {
  const lines = readRecording(path).toString('utf8').split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines.map((line) => (line.endsWith('\r') ? line.slice(0, -1) : line));
}

/** A recorded file that is not what its kind says. The message names file, line and what was wrong. */
export class RecordingError extends Error {
  override readonly name = 'RecordingError';
  constructor(message: string, cause?: unknown) {
    super(message, { cause });
  }
}

/** A decimal string or number as a whole number of 10^-decimals, noise of binary floating point rounded away. */
export function scaled(value: unknown, decimals: number, where: string): number {
  const number = typeof value === 'string' || typeof value === 'number' ? Number(value) : Number.NaN;
  const whole = Math.round(number * 10 ** decimals);
  if (!Number.isSafeInteger(whole)) throw new RecordingError(`${where}: ${JSON.stringify(value)} is not a number`);
  return whole;
}
