/** One measured figure beside a reference that was measured in the same run on the same machine. */
export interface Row {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** What it is compared with, and its figure in the same unit; null where nothing serves as one. */
  readonly reference: { readonly name: string; readonly value: number } | null;
  /** value / reference, or null. */
  readonly ratio: number | null;
  /** Lowest and highest of the repetitions, in the same unit. */
  readonly spread: { readonly lowest: number; readonly highest: number; readonly repetitions: number };
  /** Figures over time or over load, drawn on the page; optional. */
  readonly series?: readonly Series[];
  /** What to know when reading it: workload, repetitions, where it falls short and why. */
  readonly note?: string;
}

export interface Series {
  readonly name: string;
  readonly xUnit: string;
  readonly yUnit: string;
  readonly points: readonly (readonly [x: number, y: number])[];
}

export interface BenchOptions {
  /** Folder of recorded data; rows that need it say so and give nothing when it is missing. */
  readonly dataFolder: string;
  /** Shorter runs, to see that it works; figures are then not worth quoting. */
  readonly quick: boolean;
  /** Progress for a person, on the error stream. */
  readonly say: (line: string) => void;
}

/** What a file in `rows/` exports. */
export interface BenchModule {
  readonly name: string;
  readonly summary: string;
  rows(options: BenchOptions): Promise<Row[]>;
}

export interface Measured {
  readonly median: number;
  readonly lowest: number;
  readonly highest: number;
}

/** Middle value; of an even number of them, the lower middle. */
export function medianOf(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError('a median needs at least one value');
  const sorted = [...values].sort((left, right) => left - right);
  return sorted[(sorted.length - 1) >> 1] as number;
}

export function measuredOf(values: readonly number[]): Measured {
  return { median: medianOf(values), lowest: Math.min(...values), highest: Math.max(...values) };
}

/**
 * Runs several measurements in turns (A B A B …), so that a drift of the machine meets all of them, and gives the
 * figures of each. Each call returns one figure.
 */
export async function measureInterleaved<Name extends string>(
  repetitions: number,
  measurements: { readonly [N in Name]: () => number | Promise<number> },
): Promise<{ readonly [N in Name]: Measured }> {
  const names = Object.keys(measurements) as Name[];
  const figures = new Map<Name, number[]>(names.map((name) => [name, []]));
  for (let round = 0; round < repetitions; round++) {
    for (const name of names) figures.get(name)?.push(await measurements[name]());
  }
  return Object.fromEntries(names.map((name) => [name, measuredOf(figures.get(name) ?? [])])) as {
    readonly [N in Name]: Measured;
  };
}

/** A row from two sets of repetitions. */
export function comparedRow(
  name: string,
  unit: string,
  subject: Measured,
  reference: Measured & { readonly name: string },
  repetitions: number,
  note?: string,
): Row {
  return {
    name,
    value: subject.median,
    unit,
    reference: { name: reference.name, value: reference.median },
    ratio: reference.median === 0 ? null : subject.median / reference.median,
    spread: { lowest: subject.lowest, highest: subject.highest, repetitions },
    ...(note === undefined ? {} : { note }),
  };
}
