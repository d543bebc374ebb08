import { assert } from '../../schemas/assert.ts';
import type {
  AccountId,
  Amount,
  AnyRecord,
  AssetId,
  Deposit,
  FeeConfig,
  Place,
  Sequence,
  SymbolConfig,
  SymbolId,
} from '../../schemas/generated/records.ts';

export interface TreasuryOptions {
  readonly accounts: number;
  readonly firstAccount: number;
  readonly accountPartitions: number;
  readonly config: SymbolConfig;
  readonly fees: FeeConfig;
}

interface OpenOrder {
  /** Its id in the recording. */
  readonly id: number;
  readonly account: number;
  readonly buy: boolean;
  readonly priceTicks: number;
  readonly quantityLots: number;
  /** What the order may still cost, in units of the asset it holds. */
  reserved: number;
  openLots: number;
  executedLots: number;
}

/** Share of an asset's supply that is spent on giving each account its own money before accounts are shared. */
const SPREAD_SHARE = 0.5;
const FIRST_SHARE = 0.15;

/**
 * Finds an account that can pay for the next recorded order, and deposits what it lacks.
 *
 * Orders go round the accounts in turn. Exact amounts of a fine tick and lot leave room for less than a million dollars
 * in all (2^53 units), so money must come back: what it knows of an account is a lower bound, reduced by the full hold
 * when an order is sent and raised by what the market log tells. When half of the supply is out, an account that has
 * enough is used before another deposit is made.
 */
export class Treasury {
  private readonly options: TreasuryOptions;
  private readonly free: { readonly base: Float64Array; readonly quote: Float64Array };
  private readonly supply: { readonly base: Float64Array; readonly quote: Float64Array };
  private readonly supplyMax: number;
  private readonly sent = new Map<number, OpenOrder[]>();
  private readonly open = new Map<number, OpenOrder>();
  /** By recorded id, the latest entry of which the market log has not told the end. */
  private readonly byId = new Map<number, OpenOrder>();
  /** Recorded ids of makers filled since last asked for. */
  private filledIds: number[] = [];
  private turn = 0;
  private deposits = 0;

  constructor(options: TreasuryOptions) {
    assert(options.accounts > 0, 'a recording needs at least one account');
    this.options = options;
    this.free = { base: new Float64Array(options.accounts), quote: new Float64Array(options.accounts) };
    this.supply = {
      base: new Float64Array(options.accountPartitions),
      quote: new Float64Array(options.accountPartitions),
    };
    this.supplyMax = Math.floor(Number.MAX_SAFE_INTEGER / options.accountPartitions);
  }

  /** The deposits before the first order: an equal part of both assets for each account. */
  openingDeposits(): Deposit[] {
    const deposits: Deposit[] = [];
    const each = Math.floor((this.supplyMax * this.options.accountPartitions * FIRST_SHARE) / this.options.accounts);
    for (let index = 0; index < this.options.accounts; index++) {
      deposits.push(this.deposit(index, 'quote', each), this.deposit(index, 'base', each));
    }
    return deposits;
  }

  /**
   * The account for an order, its hold reserved, and the deposit to send first where it lacks funds. `null`: the supply
   * is out, no account can pay.
   */
  fund(
    id: number,
    order: Pick<Place, 'side' | 'priceTicks' | 'quantityLots'>,
  ): { account: AccountId; deposit: Deposit | null } | null {
    const buy = order.side === 'buy';
    const asset = buy ? 'quote' : 'base';
    const need = this.worst(buy, order.priceTicks, order.quantityLots);
    const found = this.find(asset, need);
    if (found === null) return null;
    const lacking = need - (this.free[asset][found] ?? 0);
    const deposit = lacking > 0 ? this.deposit(found, asset, lacking) : null;
    this.add(this.free[asset], found, -need);
    const account = this.options.firstAccount + found;
    const { priceTicks, quantityLots } = order;
    const waiting = this.sent.get(account) ?? [];
    const openLots = quantityLots;
    const sent = { id, account, buy, priceTicks, quantityLots, reserved: need, openLots, executedLots: 0 };
    waiting.push(sent);
    this.sent.set(account, waiting);
    this.byId.set(id, sent);
    return { account: account as AccountId, deposit };
  }

  /** Whether a recorded order was sent and, as far as the market log has told, still rests. */
  isOpen(id: number): boolean {
    return this.byId.has(id);
  }

  /** What a recorded order has open and has traded since it was last entered, as far as the market log has told. */
  progress(id: number): { readonly openLots: number; readonly executedLots: number } {
    return this.byId.get(id) ?? { openLots: 0, executedLots: 0 };
  }

  /** Recorded ids of the makers filled since the last call. */
  takeFilledIds(): number[] {
    const ids = this.filledIds;
    this.filledIds = [];
    return ids;
  }

  /** Learns from the market log which funds are spent, earned and free again. */
  onMarketRecord(record: AnyRecord): void {
    switch (record.type) {
      case 'accepted': {
        const order = this.takeSent(record.account, record.side === 'buy', record.priceTicks, record.quantityLots);
        if (order !== undefined) this.open.set(record.orderId, order);
        break;
      }
      case 'trade':
        this.filledIds.push(this.open.get(record.makerOrderId)?.id ?? 0);
        this.filled(record.takerOrderId, record.quantityLots, record.quoteAmount, record.takerOpenLots);
        this.filled(record.makerOrderId, record.quantityLots, record.quoteAmount, record.makerOpenLots);
        break;
      case 'amended': {
        const order = this.open.get(record.orderId);
        if (order !== undefined) order.openLots = record.openLots;
        break;
      }
      case 'cancelled':
        this.closed(record.orderId);
        break;
      default:
        break;
    }
  }

  private find(asset: 'base' | 'quote', need: number): number | null {
    const { accounts, accountPartitions, firstAccount } = this.options;
    const free = this.free[asset];
    const first = this.turn++ % accounts;
    const room = (index: number, share: number): boolean => {
      const supply = this.supply[asset][(firstAccount + index) % accountPartitions] ?? 0;
      return supply + need - (free[index] ?? 0) <= this.supplyMax * share;
    };
    if ((free[first] ?? 0) >= need || room(first, SPREAD_SHARE)) return first;
    for (let step = 1; step < accounts; step++) {
      const index = (first + step) % accounts;
      if ((free[index] ?? 0) >= need) return index;
    }
    for (let step = 0; step < accountPartitions; step++) {
      const index = (first + step) % accounts;
      if (room(index, 1)) return index;
    }
    return null;
  }

  private deposit(index: number, asset: 'base' | 'quote', amount: number): Deposit {
    const account = this.options.firstAccount + index;
    this.add(this.free[asset], index, amount);
    this.add(this.supply[asset], account % this.options.accountPartitions, amount);
    const { config } = this.options;
    return {
      type: 'deposit',
      symbol: 0 as SymbolId,
      seq: 0 as Sequence,
      account: account as AccountId,
      asset: (asset === 'base' ? config.baseAsset : config.quoteAsset) as AssetId,
      amount: amount as Amount,
      depositId: `recorded-${++this.deposits}`,
    };
  }

  /** An upper bound of what an order can cost: notional and worst fee, or the base it sells. */
  private worst(buy: boolean, priceTicks: number, quantityLots: number): number {
    const { config } = this.options;
    if (!buy) return quantityLots * config.baseUnitsPerLot;
    const notional = priceTicks * quantityLots * config.quoteUnitsPerTickLot;
    return notional + this.feeBound(notional);
  }

  private feeBound(notional: number): number {
    const { fees } = this.options;
    const worst = Math.max(0, fees.takerPpm, fees.makerPpm);
    return worst === 0 ? 0 : Math.ceil((notional / 1_000_000) * worst) + 1;
  }

  private takeSent(account: number, buy: boolean, priceTicks: number, quantityLots: number): OpenOrder | undefined {
    const waiting = this.sent.get(account);
    const index = waiting?.findIndex(
      (order) => order.buy === buy && order.priceTicks === priceTicks && order.quantityLots === quantityLots,
    );
    if (waiting === undefined || index === undefined || index === -1) return undefined;
    const [order] = waiting.splice(index, 1);
    if (waiting.length === 0) this.sent.delete(account);
    return order;
  }

  private filled(orderId: number, lots: number, quoteAmount: number, openLots: number): void {
    const order = this.open.get(orderId);
    if (order === undefined) return;
    const index = order.account - this.options.firstAccount;
    const baseAmount = lots * this.options.config.baseUnitsPerLot;
    const fee = this.feeBound(quoteAmount);
    order.openLots = openLots;
    order.executedLots += lots;
    if (order.buy) {
      order.reserved -= quoteAmount + fee;
      this.add(this.free.base, index, baseAmount);
    } else {
      order.reserved -= baseAmount;
      this.add(this.free.quote, index, quoteAmount - fee);
    }
    if (openLots === 0) this.closed(orderId);
  }

  private closed(orderId: number): void {
    const order = this.open.get(orderId);
    if (order === undefined) return;
    this.open.delete(orderId);
    if (this.byId.get(order.id) === order) this.byId.delete(order.id);
    this.add(
      order.buy ? this.free.quote : this.free.base,
      order.account - this.options.firstAccount,
      Math.max(0, order.reserved),
    );
  }

  private add(amounts: Float64Array, index: number, amount: number): void {
    amounts[index] = (amounts[index] ?? 0) + amount;
  }
}
