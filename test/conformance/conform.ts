/**
 * `npm run conform -- KIND FILE… [--trace]`: runs a recorded file of a kind through the exchange's operators and prints
 * one JSON line. Exit 0: it ran, whatever it found; 1: a file could not be read or played; 2: wrong usage.
 */
import { pathToFileURL } from 'node:url';
import type { ConformanceOptions, ConformanceResult } from './conformance.ts';

type Conform = (
  files: readonly string[],
  options: ConformanceOptions,
) => ConformanceResult | Promise<ConformanceResult>;

interface Kind {
  readonly files: string;
  readonly proves: string;
  /** Loaded only when asked for. */
  readonly load: () => Promise<{ readonly conform: Conform }>;
}

/** One line a kind; each is one file in `kinds/`. */
export const kinds: { readonly [kind: string]: Kind } = {
  workload: {
    files: 'NAME.bin or NAME.bin.br',
    proves: 'matching semantics: SHA-256 over all reports of a generated order stream',
    load: () => import('./kinds/workload.ts'),
  },
  bitstamp: {
    files: 'a log of order, trade and book events, .gz or plain',
    proves: 'real order flow gives the published trades and books; money is conserved',
    load: () => import('./kinds/bitstamp.ts'),
  },
  lobster: {
    files: 'message file, opening orders, book file (or the message file alone, with the others beside it)',
    proves: 'queue priority: executions and ten-level books of NASDAQ',
    load: () => import('./kinds/lobster.ts'),
  },
  cointossx: {
    files: 'a master CSV, or a folder of them',
    proves: 'limit, market and cancel semantics: book before, order, book after, trades',
    load: () => import('./kinds/cointossx.ts'),
  },
  'exchange-core': {
    files: 'a Gherkin .feature file',
    proves: 'reserve and settle arithmetic, exact balances',
    load: () => import('./kinds/exchange-core.ts'),
  },
  'binance-depth': {
    files: 'a log of depth snapshot and diffs, .gz or plain',
    proves: 'gap-proof book recovery',
    load: () => import('./kinds/binance-depth.ts'),
  },
  'binance-klines': {
    files: 'a log with trades, and a CSV of klines',
    proves: 'candles, every field',
    load: () => import('./kinds/binance-klines.ts'),
  },
  'kraken-candles': {
    files: 'trades JSON and candles JSON',
    proves: 'candles with exact decimals and empty minutes',
    load: () => import('./kinds/kraken-candles.ts'),
  },
  checksum: {
    files: 'a JSON of vectors, or a raw feed with checksums',
    proves: 'CRC-32 of books',
    load: () => import('./kinds/checksum.ts'),
  },
};

export interface ConformOutput {
  out(line: string): void;
  err(line: string): void;
}

/** The command. Returns its exit code. */
export async function conformCommand(args: readonly string[], output: ConformOutput): Promise<number> {
  const unknown = args.find((arg) => arg.startsWith('--') && arg !== '--trace');
  const [name, ...files] = args.filter((arg) => !arg.startsWith('--'));
  if (unknown !== undefined) return usage(output, `option "${unknown}" is unknown; allowed: --trace`);
  if (name === undefined) return usage(output, 'a kind is missing');
  const kind = Object.hasOwn(kinds, name) ? kinds[name] : undefined;
  if (kind === undefined) return usage(output, `kind "${name}" is unknown; allowed: ${Object.keys(kinds).join(', ')}`);
  if (files.length === 0) return usage(output, `${name} needs a file: ${kind.files}`);
  const trace = args.includes('--trace') ? { trace: (record: unknown) => output.out(line(record)) } : {};
  try {
    const { conform } = await kind.load();
    output.out(line(await conform(files, trace)));
    return 0;
  } catch (error) {
    output.err(error instanceof Error ? error.message : String(error));
    return 1;
  }
}

/** One line of JSON; whole numbers beyond 2^53 as strings. */
function line(value: unknown): string {
  return JSON.stringify(value, (_, field: unknown) => (typeof field === 'bigint' ? field.toString() : field));
}

function usage(output: ConformOutput, problem: string): number {
  output.err(`conform: ${problem}`);
  output.err('usage: npm run conform -- KIND FILE… [--trace]');
  for (const [name, { files, proves }] of Object.entries(kinds)) {
    output.err(`  ${name.padEnd(16)} ${proves}`);
    output.err(`  ${''.padEnd(16)} FILE: ${files}`);
  }
  return 2;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const write = (stream: NodeJS.WriteStream) => (text: string) => {
    stream.write(`${text}\n`);
  };
  process.exitCode = await conformCommand(process.argv.slice(2), {
    out: write(process.stdout),
    err: write(process.stderr),
  });
}
