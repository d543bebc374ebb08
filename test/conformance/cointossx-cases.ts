import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { RecordingError } from '../../sources/recordings/recording-file.ts';

export interface CoinTossXOrder {
  readonly buy: boolean;
  readonly id: number;
  readonly type: 'market' | 'limit';
  readonly size: number;
  readonly price: number;
}

export interface CoinTossXCase {
  /** Folder and number. */
  readonly name: string;
  readonly description: string;
  readonly action: 'place' | 'cancel' | 'replace' | 'uncross';
  readonly bookBefore: readonly CoinTossXOrder[];
  readonly orders: readonly CoinTossXOrder[];
  readonly bookAfter: readonly CoinTossXOrder[];
  /** `price x quantity`, in order. */
  readonly trades: readonly string[];
  /** Why the case is not judged; null: it is. */
  readonly exception: string | null;
}

/** Columns of an order file; the last ones may be missing. */
const [SIDE, ORDER_ID, TYPE, SIZE, PRICE, TIME_IN_FORCE] = [0, 1, 2, 5, 6, 8];

const NOT_HERE: { readonly [type: string]: string } = {
  3: 'stop orders are not offered',
  4: 'stop-limit orders are not offered',
  5: 'hidden orders with a minimum execution size are not offered',
  6: 'pegged orders are not offered',
};

/**
 * Reads cases from master files, from folders that hold some, or single cases by their files. Names differ in
 * case between master and folder, so they are matched without it. A side other than `B` is an offer, as CoinTossX's own
 * loader has it.
 */
export function coinTossXCases(files: readonly string[]): CoinTossXCase[] {
  const masters = new Set<string>();
  const singles = new Map<string, Set<string>>();
  for (const file of files) {
    const single = /^Test(\d+)_\w+\.csv$/i.exec(basename(file));
    if (statSync(file).isDirectory()) for (const master of mastersIn(file)) masters.add(master);
    else if (single === null) masters.add(file);
    else {
      const master = mastersIn(dirname(file))[0];
      if (master === undefined) throw new RecordingError(`${file}: no master file beside it`);
      singles.set(master, (singles.get(master) ?? new Set()).add(single[1] ?? ''));
    }
  }
  const cases = [...masters].flatMap((master) => casesOf(master, null));
  for (const [master, numbers] of singles) if (!masters.has(master)) cases.push(...casesOf(master, numbers));
  return cases;
}

function mastersIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => /Master\.csv$/i.test(name))
    .sort()
    .map((name) => join(folder, name));
}

function casesOf(master: string, only: ReadonlySet<string> | null): CoinTossXCase[] {
  const folder = dirname(master);
  const action = actionOf(master);
  return rows(master)
    .filter(([number = '']) => number !== '' && (only === null || only.has(number)))
    .map(([number, description = '', before = '', input = '', after = '', , trades = '']) => {
      const read = (name: string): string[][] | null => {
        const path = name === '' ? undefined : fileIn(folder, name);
        return path === undefined ? null : rows(path);
      };
      const parts = { before: read(before), input: read(input), after: read(after), trades: read(trades) };
      const missing = [before, input, after, trades].find((name) => name !== '' && fileIn(folder, name) === undefined);
      const orderRows = [...(parts.before ?? []), ...(parts.input ?? []), ...(parts.after ?? [])];
      const exception = missing === undefined ? exceptionOf(orderRows, action) : `${missing} is not in the folder`;
      const orders = (of: string[][] | null): CoinTossXOrder[] => (exception === null ? (of ?? []).map(orderOf) : []);
      return {
        name: `${basename(folder)} ${number}`,
        description,
        action,
        bookBefore: orders(parts.before),
        orders: orders(parts.input),
        bookAfter: orders(parts.after),
        trades: (parts.trades ?? []).map(([, price, quantity]) => `${Number(price)} x ${Number(quantity)}`),
        exception,
      };
    });
}

function actionOf(master: string): CoinTossXCase['action'] {
  const name = basename(master).toLowerCase();
  if (name.startsWith('cancel')) return 'cancel';
  if (name.startsWith('replace')) return 'replace';
  return name.startsWith('auction') || name.startsWith('filteranduncross') ? 'uncross' : 'place';
}

function exceptionOf(orders: readonly string[][], action: CoinTossXCase['action']): string | null {
  for (const row of orders) {
    const type = row[TYPE] ?? '';
    if (type !== '1' && type !== '2') return NOT_HERE[type] ?? `order type "${type}" is not offered`;
    if (type === '1' && action === 'uncross') return 'an auction takes limit orders only';
    const timeInForce = row[TIME_IN_FORCE] ?? '';
    if (timeInForce !== '' && timeInForce !== '0') return 'the expiry of an order cannot be replaced';
  }
  return null;
}

function orderOf(row: readonly string[]): CoinTossXOrder {
  return {
    buy: row[SIDE] === 'B',
    id: Number(row[ORDER_ID]),
    type: row[TYPE] === '1' ? 'market' : 'limit',
    size: Number(row[SIZE] ?? 0),
    price: Number(row[PRICE] ?? 0),
  };
}

function fileIn(folder: string, name: string): string | undefined {
  const path = join(folder, name);
  if (existsSync(path)) return path;
  const found = readdirSync(folder).find((other) => other.toLowerCase() === name.toLowerCase());
  return found === undefined ? undefined : join(folder, found);
}

/** Cells of a CSV file without its header and without empty lines. */
function rows(path: string): string[][] {
  const lines = readFileSync(path, 'utf8').split(/\r?\n/).slice(1);
  return lines.filter((line) => line.trim() !== '').map((line) => line.split(',').map((cell) => cell.trim()));
}
