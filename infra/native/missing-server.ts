/** A server cannot be had on this machine. The message says in one line what is missing and how to get it. */
export class MissingServer extends Error {
  override readonly name = 'MissingServer';
}
