import type { Emit, Moment, Operator, OperatorDefinition, Ports, Scope } from '../../operators/contract.ts';
import type { AnyRecord, Micros, Sequence, SymbolId } from '../../schemas/generated/records.ts';
import { packPosition } from '../../schemas/ids.ts';

export interface PortRecord {
  readonly port: string;
  readonly record: AnyRecord;
}

const MARKET_LOG = 4;

/** One instance of a follower stage, driven record by record as a lane would. */
export class FollowerRun<In extends AnyRecord, P extends Ports> {
  readonly operator: Operator<In, P>;
  readonly #takes: (record: AnyRecord) => boolean;
  readonly #out: Emit<P>;
  #told: PortRecord[] = [];
  #offset = 0;
  #ticks = 0;
  readonly #moment: { -readonly [K in keyof Moment]: Moment[K] } = {
    timeMicros: 0 as Micros,
    position: 0,
    offset: 0,
    partition: 0,
    correlationId: 0,
  };

  constructor(definition: OperatorDefinition<In, P>) {
    const scope: Scope = { partition: 0, partitions: { market: 1 }, shared: (_, make) => make() };
    this.operator = definition.create(scope);
    this.#takes = (record) => definition.input.has(record);
    this.#out = Object.fromEntries(
      Object.keys(definition.outputs).map((port) => [
        port,
        (record: AnyRecord) => {
          this.#told.push({ port, record });
        },
      ]),
    ) as unknown as Emit<P>;
  }

  /** What the record made the stage say, in order. Records that the stage does not read count as offsets only. */
  apply(record: AnyRecord, timeMicros: number): PortRecord[] {
    const moment = this.#moment;
    moment.timeMicros = timeMicros as Micros;
    moment.offset = this.#offset++;
    moment.position = packPosition(MARKET_LOG, 0, moment.offset);
    moment.correlationId = moment.position;
    this.#told = [];
    if (this.#takes(record)) this.operator.apply(record as In, moment, this.#out);
    return this.#told;
  }

  tick(timeMicros: number): PortRecord[] {
    this.#ticks += 1;
    return this.apply({ type: 'tick', symbol: 0 as SymbolId, seq: 0 as Sequence, number: this.#ticks }, timeMicros);
  }
}
