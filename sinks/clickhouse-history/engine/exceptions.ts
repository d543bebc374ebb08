/** A refusal or failure as ClickHouse's HTTP tells it: a code, a status, and one line of text. */
export class EngineException extends Error {
  override readonly name = 'EngineException';
  readonly code: number;

  constructor(code: number, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

export const exceptionCodes = {
  badArguments: 36,
  notImplemented: 48,
  syntaxError: 62,
  timeoutExceeded: 159,
  readonly: 164,
  tooManyQueries: 202,
  networkError: 210,
  authenticationFailed: 516,
  unknown: 1002,
} as const;

const statusByCode: ReadonlyMap<number, number> = new Map([
  [516, 403],
  [497, 403],
  [164, 403],
  [36, 400],
  [62, 400],
  [27, 400],
  [6, 400],
  [456, 400],
  [457, 400],
  [117, 400],
  [60, 404],
  [81, 404],
  [46, 404],
  [47, 404],
  [115, 404],
  [48, 501],
  [159, 408],
  [202, 503],
  [210, 503],
]);

/** Status by the code, as the server maps it; what is not listed is 500. */
export function statusOfException(code: number): number {
  return statusByCode.get(code) ?? 500;
}
