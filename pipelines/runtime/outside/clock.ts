/**
 * Time as the runtime sees it. Operators see none: log time reaches them in records.
 */
export interface Clock {
  /** Wall time, whole microseconds since 1970. May jump, also backwards: whoever makes log time of it takes the larger of last and now. */
  nowMicros(): number;
  /** Milliseconds since some beginning; never goes back. For deadlines and measurements. */
  monotonicMs(): number;
  /** Calls back once, after `delayMs` or later. The answer cancels. */
  after(delayMs: number, callback: () => void): () => void;
}
