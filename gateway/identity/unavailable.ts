/** What is asked for needs the database, and it is away: nothing is wrong with the request. */
export class UnavailableError extends Error {
  override readonly name = 'UnavailableError';
}
