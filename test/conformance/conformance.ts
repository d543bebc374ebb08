/** What a conformance run of one kind of recorded file says: one JSON object, printed on one line. */
export interface ConformanceResult {
  readonly [field: string]: unknown;
}

/** Result of the kinds that compare item by item. */
export interface Comparison extends ConformanceResult {
  /** Items that the recorded exchange published. */
  readonly compared: number;
  /** Of these, the ones found equal. */
  readonly equal: number;
  /** equal / compared, rounded down to six decimals, so that 1 means all. */
  readonly share: number;
  /** The first item that differs, as expected and as found; null when all are equal. */
  readonly firstDifference: unknown;
}

export interface ConformanceOptions {
  /** Called with every record that the operators emit, in order, when a trace is wanted. */
  readonly trace?: (record: unknown) => void;
}

/** Share of equal items, rounded down: 0.999999 never reads as 1. */
export function shareOf(equal: number, compared: number): number {
  return compared === 0 ? 0 : Math.floor((equal / compared) * 1_000_000) / 1_000_000;
}
