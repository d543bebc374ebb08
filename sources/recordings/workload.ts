import type { AnyRecord } from '../../schemas/generated/records.ts';
import { RecordedDesk } from './recorded-desk.ts';
import { recordedRules } from './recorded-rules.ts';
import type { RecordedStep, Recording, RecordingOptions, RecordingRules } from './recording.ts';
import { RecordingError } from './recording-file.ts';

const HEADER_BYTES = 16;
const MESSAGE_BYTES = 40;
/** The files tell no time: messages are a hundred microseconds apart, from a fixed day on. */
const MICROS_PER_MESSAGE = 100;
const FIRST_MICROS = Date.UTC(2026, 0, 1) * 1_000;

/**
 * A generated order stream of the matching-engine benchmark as a source for the whole graph.
 *
 * Format: 16-byte header (u32 message count at 12), then 40 bytes a message: type u8 at 0 (0 new, 1 cancel, 2 modify),
 * side u8 at 1 (0 buy, 1 sell), ioc u8 at 2, quantity u32 at 4, order id u64 at 16, price in ticks i64 at 24; all little
 * endian. A modify removes the order and enters it anew, so it is sent as a cancel and, where the order is still known
 * to rest, a new order.
 */
export class WorkloadRecording implements Recording {
  readonly kind = 'workload';
  readonly rules: RecordingRules;
  private readonly bytes: DataView;
  private readonly messages: number;
  private readonly desk: RecordedDesk;
  private readonly steps: Generator<RecordedStep, void>;

  constructor(bytes: Uint8Array, fileName: string, options: RecordingOptions = {}) {
    this.bytes = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (bytes.byteLength < HEADER_BYTES)
      throw new RecordingError(`${fileName}: ${bytes.byteLength} bytes, shorter than its header`);
    this.messages = this.bytes.getUint32(12, true);
    if (bytes.byteLength < HEADER_BYTES + this.messages * MESSAGE_BYTES) {
      throw new RecordingError(`${fileName}: ${this.messages} messages announced, but only ${bytes.byteLength} bytes`);
    }
    let priceTicksMax = 1;
    let quantityLotsMax = 1;
    for (let at = HEADER_BYTES; at < HEADER_BYTES + this.messages * MESSAGE_BYTES; at += MESSAGE_BYTES) {
      priceTicksMax = Math.max(priceTicksMax, this.long(at + 24));
      quantityLotsMax = Math.max(quantityLotsMax, this.bytes.getUint32(at + 4, true));
    }
    const grid = { symbolName: options.symbolName ?? 'BTC-USD', priceDecimals: 2, quantityDecimals: 0 };
    this.rules = recordedRules({ ...grid, priceTicksMax, quantityLotsMax, restingOrdersMax: 4_000_000 });
    this.desk = new RecordedDesk('w', this.rules, options);
    this.steps = this.play();
  }

  get skipped(): number {
    return this.desk.skipped;
  }

  next(): RecordedStep | null {
    const { done, value } = this.steps.next();
    return done === true ? null : value;
  }

  onMarketRecord(record: AnyRecord): void {
    this.desk.onMarketRecord(record);
  }

  private *play(): Generator<RecordedStep, void> {
    yield* this.desk.opening(FIRST_MICROS);
    for (let index = 0; index < this.messages; index++) {
      const at = HEADER_BYTES + index * MESSAGE_BYTES;
      const timeMicros = FIRST_MICROS + index * MICROS_PER_MESSAGE;
      const buy = this.bytes.getUint8(at + 1) === 0;
      const id = this.long(at + 16);
      const lots = this.bytes.getUint32(at + 4, true);
      const priceTicks = this.long(at + 24);
      switch (this.bytes.getUint8(at)) {
        case 0:
          yield* this.desk.limit(
            timeMicros,
            id,
            buy,
            priceTicks,
            lots,
            this.bytes.getUint8(at + 2) === 1 ? 'ioc' : 'gtc',
          );
          break;
        case 1:
          yield* this.desk.cancel(timeMicros, id);
          break;
        case 2: {
          const rests = this.desk.isOpen(id);
          yield* this.desk.cancel(timeMicros, id);
          if (rests) yield* this.desk.limit(timeMicros, id, buy, priceTicks, lots);
          break;
        }
        default:
          throw new RecordingError(`message ${index}: type ${this.bytes.getUint8(at)} is unknown; allowed: 0, 1, 2`);
      }
    }
  }

  private long(at: number): number {
    return Number(this.bytes.getBigInt64(at, true));
  }
}
