/** How history says no. Whoever provides a {@link HistoryPort} throws these. */

/** The store does not answer, or has not started. */
export class HistoryAway extends Error {
  override readonly name = 'HistoryAway';
}

/** The store, or what stands before it, does not take the statement, or a limit was met. */
export class HistoryRefused extends Error {
  override readonly name = 'HistoryRefused';
  /** ClickHouse's number of the exception. */
  readonly code: number;

  constructor(message: string, code: number) {
    super(message);
    this.code = code;
  }
}
