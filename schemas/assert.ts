/** A state that our own code promised cannot be. It ends the process (exit 70): nothing after it can be trusted. */
export class InvariantBroken extends Error {
  override readonly name = 'InvariantBroken';
}

/**
 * States what must hold here. A false condition is a bug of ours, never bad input: bad input is a value on a port.
 * One condition a call, so that the sentence names what broke. Build costly sentences outside hot paths: the argument is
 * evaluated even when the condition holds.
 */
export function assert(condition: boolean, sentence: string): asserts condition {
  if (!condition) throw new InvariantBroken(sentence);
}

/** Ends a `switch` over a closed union: a case that is missing does not compile. */
export function unreachable(value: never): never {
  throw new InvariantBroken(`no case for ${JSON.stringify(value)}`);
}
