import type { Micros } from './brands.ts';

/**
 * What travels with every record besides its own fields; the record itself carries `symbol` and `seq`. Objects of this
 * shape are reused: read them, do not keep them.
 */
export interface Envelope {
  /** Edge, source partition, target partition and gapless sequence, packed: see `ids.ts`. 0 at the head. */
  eventId: number;
  /** Packed position of the inbox record that caused this one. 0 at the head. */
  causationId: number;
  /** Packed position of the command at the head of the chain. */
  correlationId: number;
  /** Log time, microseconds since 1970, UTC. */
  occurredAt: Micros;
  /** Version of the record's schema, as its .avsc file says. */
  eventVersion: number;
  /** W3C trace context of the command, or null. */
  traceparent: string | null;
}

/** A blank envelope to fill; every envelope is made here, so all have one shape. */
export function emptyEnvelope(): Envelope {
  return {
    eventId: 0,
    causationId: 0,
    correlationId: 0,
    occurredAt: 0 as Micros,
    eventVersion: 0,
    traceparent: null,
  };
}

/** An independent copy of an envelope that is about to be reused. */
export function copyOfEnvelope(envelope: Envelope): Envelope {
  return {
    eventId: envelope.eventId,
    causationId: envelope.causationId,
    correlationId: envelope.correlationId,
    occurredAt: envelope.occurredAt,
    eventVersion: envelope.eventVersion,
    traceparent: envelope.traceparent,
  };
}
