import type {
  AccountId,
  AnyRecord,
  Cancel,
  Micros,
  Place,
  PriceTicks,
  QuantityLots,
  Sequence,
} from '../../schemas/generated/records.ts';
import {
  FIRST_RECORDED_ACCOUNT,
  RECORDED_VALID_MICROS,
  type RecordedStep,
  type RecordingOptions,
  type RecordingRules,
} from './recording.ts';
import { Treasury } from './treasury.ts';

/**
 * Turns recorded orders into commands: finds an account that can pay, names the order after its recorded id, and keeps
 * which account an order went to, so that its cancel or amend goes there too.
 */
export class RecordedDesk {
  /** Orders left out: beyond the rules, or no account could pay. */
  skipped = 0;
  private readonly prefix: string;
  private readonly rules: RecordingRules;
  private readonly treasury: Treasury;
  private readonly owners = new Map<number, AccountId>();
  /** How often a recorded id was used: an order that is entered anew needs a name of its own. */
  private readonly entries = new Map<number, number>();

  /** `prefix`: first letters of client order ids, so that recordings do not meet. */
  constructor(prefix: string, rules: RecordingRules, options: RecordingOptions) {
    this.prefix = prefix;
    this.rules = rules;
    this.treasury = new Treasury({
      accounts: options.accounts ?? 1_000,
      firstAccount: options.firstAccount ?? FIRST_RECORDED_ACCOUNT,
      accountPartitions: options.accountPartitions ?? 4,
      config: rules.symbol,
      fees: rules.fees,
    });
  }

  onMarketRecord(record: AnyRecord): void {
    if (record.symbol === this.rules.symbol.symbol) this.treasury.onMarketRecord(record);
  }

  /** Client order id of the latest entry of a recorded order. */
  clientOrderId(id: number): string {
    const entry = this.entries.get(id) ?? 1;
    return entry === 1 ? `${this.prefix}${id}` : `${this.prefix}${id}.${entry}`;
  }

  /** Whether a recorded order was sent and still rests, as far as the market log has told. */
  isOpen(id: number): boolean {
    return this.treasury.isOpen(id);
  }

  /** What a recorded order has open and has traded since it was last entered, as far as the market log has told. */
  progress(id: number): { readonly openLots: number; readonly executedLots: number } {
    return this.treasury.progress(id);
  }

  /** Recorded ids of the makers filled since the last call. */
  takeFilledIds(): number[] {
    return this.treasury.takeFilledIds();
  }

  *opening(timeMicros: number): Generator<RecordedStep, void> {
    for (const record of this.treasury.openingDeposits()) yield { type: 'command', timeMicros, record };
  }

  /** A limit order, good till cancelled unless said otherwise. */
  *limit(
    timeMicros: number,
    id: number,
    buy: boolean,
    priceTicks: number,
    quantityLots: number,
    timeInForce: 'gtc' | 'ioc' = 'gtc',
  ): Generator<RecordedStep, void> {
    yield* this.place(timeMicros, id, buy, priceTicks, quantityLots, 'limit', timeInForce);
  }

  /** A market order by quantity that trades no further than the worst price. */
  *market(
    timeMicros: number,
    id: number,
    buy: boolean,
    worstPriceTicks: number,
    quantityLots: number,
  ): Generator<RecordedStep, void> {
    yield* this.place(timeMicros, id, buy, worstPriceTicks, quantityLots, 'market', 'ioc');
  }

  /** A cancel of an order sent before; nothing where it was never sent. */
  *cancel(timeMicros: number, id: number): Generator<RecordedStep, void> {
    const account = this.owners.get(id);
    if (account === undefined) return;
    const record: Cancel = {
      type: 'cancel',
      symbol: this.rules.symbol.symbol,
      seq: 0 as Sequence,
      account,
      orderId: 0 as Cancel['orderId'],
      clientOrderId: this.clientOrderId(id),
      validUntil: (timeMicros + RECORDED_VALID_MICROS) as Micros,
    };
    yield { type: 'command', timeMicros, record };
  }

  /** Sets the total quantity of an order sent before. */
  *resize(timeMicros: number, id: number, totalLots: number): Generator<RecordedStep, void> {
    const account = this.owners.get(id);
    if (account === undefined) return;
    yield {
      type: 'command',
      timeMicros,
      record: {
        type: 'amend',
        symbol: this.rules.symbol.symbol,
        seq: 0 as Sequence,
        account,
        orderId: 0 as Cancel['orderId'],
        clientOrderId: this.clientOrderId(id),
        priceTicks: 0 as PriceTicks,
        quantityLots: totalLots as QuantityLots,
        validUntil: (timeMicros + RECORDED_VALID_MICROS) as Micros,
      },
    };
  }

  private *place(
    timeMicros: number,
    id: number,
    buy: boolean,
    priceTicks: number,
    quantityLots: number,
    orderType: 'limit' | 'market',
    timeInForce: 'gtc' | 'ioc',
  ): Generator<RecordedStep, void> {
    const { symbol } = this.rules;
    const fits =
      priceTicks >= 1 &&
      priceTicks <= symbol.maxPriceTicks &&
      quantityLots >= 1 &&
      quantityLots <= symbol.maxQuantityLots;
    const funded = fits
      ? this.treasury.fund(id, {
          side: buy ? 'buy' : 'sell',
          priceTicks: priceTicks as PriceTicks,
          quantityLots: quantityLots as QuantityLots,
        })
      : null;
    if (funded === null) {
      this.skipped++;
      return;
    }
    if (funded.deposit !== null) yield { type: 'command', timeMicros, record: funded.deposit };
    this.entries.set(id, (this.entries.get(id) ?? 0) + 1);
    this.owners.set(id, funded.account);
    const record: Place = {
      type: 'place',
      symbol: symbol.symbol,
      seq: 0 as Sequence,
      account: funded.account,
      clientOrderId: this.clientOrderId(id),
      side: buy ? 'buy' : 'sell',
      orderType,
      timeInForce,
      postOnly: false,
      priceTicks: priceTicks as PriceTicks,
      quantityLots: quantityLots as QuantityLots,
      budget: 0 as Place['budget'],
      selfTradeMode: 'none',
      expiresAt: 0 as Micros,
      validUntil: (timeMicros + RECORDED_VALID_MICROS) as Micros,
    };
    yield { type: 'command', timeMicros, record };
  }
}
