/**
 * Bytes that are no record of ours. An expected outcome at the edges: whoever decodes bytes that came from outside turns
 * it into a dead letter or a refusal; in a log whose checksum held, it is damage.
 */
export class Malformed extends Error {
  override readonly name = 'Malformed';
  /** What is wrong, without the place. */
  readonly what: string;
  /** Offset of the faulty byte in the array that was decoded. */
  readonly at: number;
  /** Record type and field, such as `trade.price_ticks`, or '' before a schema is known. */
  readonly field: string;

  constructor(what: string, at: number, field = '') {
    super(`malformed record: ${what} at byte ${at}${field === '' ? '' : `, in ${field}`}`);
    this.what = what;
    this.at = at;
    this.field = field;
  }
}

/** The array given to the encoder is too short; nothing of it was changed. */
export class DoesNotFit extends RangeError {
  override readonly name = 'DoesNotFit';
  readonly bytesNeeded: number;

  constructor(bytesNeeded: number, bytesLeft: number) {
    super(`a record of ${bytesNeeded} bytes does not fit into ${bytesLeft}`);
    this.bytesNeeded = bytesNeeded;
  }
}
