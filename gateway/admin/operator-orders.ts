/** What operators order, as records of the control log. Every one carries who and why. */
import type {
  AccountId,
  AccountState,
  Admin,
  FeeAsset,
  Micros,
  RatePpm,
  Sequence,
  SymbolId,
  TradingState,
} from '../../schemas/generated/records.ts';
import type { ControlPort, OperatorOrder, Submitted, ViewPort } from '../ports.ts';

/** Who orders, and why. */
export interface Because {
  readonly requestedBy: string;
  readonly reason: string;
}

/** What an order is about; 0: everything of its kind. */
export interface Target {
  readonly symbol?: SymbolId;
  readonly account?: AccountId;
}

const NONE = { symbol: 0 as SymbolId, seq: 0 as Sequence } as const;

/** Each resolves when the order and all it caused are durable; rejects with `Overloaded` where it was not taken. */
export class OperatorOrders {
  readonly #control: ControlPort;
  readonly #views: Pick<ViewPort, 'fees' | 'limitsOf'>;

  constructor(control: ControlPort, views: Pick<ViewPort, 'fees' | 'limitsOf'>) {
    this.#control = control;
    this.#views = views;
  }

  /** `until` ends a halt by itself; 0: it does not end so. */
  setMarketState(target: Target, state: TradingState, until: Micros, because: Because): Promise<Submitted> {
    return this.#admin('set_market_state', target, because, { marketState: state, until });
  }

  openAuction(target: Target, because: Because): Promise<Submitted> {
    return this.#admin('open_auction', target, because);
  }

  uncross(target: Target, because: Because): Promise<Submitted> {
    return this.#admin('uncross', target, because);
  }

  /** Of an account (on one symbol, or all), of a symbol, or of everything. */
  cancelAll(target: Target, because: Because): Promise<Submitted> {
    return this.#admin('cancel_all', target, because);
  }

  /** Of the market: halt, and cancel everything. Of an account: suspend it, and cancel what it has. */
  killSwitch(target: Target, because: Because): Promise<Submitted> {
    return this.#admin('kill_switch', target, because);
  }

  setAccountState(account: AccountId, state: AccountState, because: Because): Promise<Submitted> {
    return this.#admin('set_account_state', { account }, because, { accountState: state });
  }

  /** Of an account, or of all that have none of their own (account 0). 0 is no limit; of an account, the limit of all. */
  setLimits(
    account: AccountId,
    { openOrders, ordersPerSecond }: { readonly openOrders: number; readonly ordersPerSecond: number },
    { reason, requestedBy }: Because,
  ): Promise<Submitted> {
    const before = this.#views.limitsOf(account);
    const own = before?.account === account ? before : undefined;
    return this.#steer({
      type: 'limit_config',
      ...NONE,
      account,
      openOrders,
      ordersPerSecond,
      tradeGroup: own?.tradeGroup ?? 0,
      version: 1 + (own?.version ?? 0),
      reason,
      requestedBy,
    });
  }

  /** The next version of a fee schedule: orders that are open keep theirs. Undefined: there is no such schedule. */
  async setFees(
    schedule: string,
    rates: { readonly makerPpm: RatePpm; readonly takerPpm: RatePpm; readonly feeAsset?: FeeAsset | undefined },
    { reason, requestedBy }: Because,
  ): Promise<(Submitted & { readonly version: number }) | undefined> {
    const before = this.#views.fees.get(schedule);
    if (!before) return undefined;
    const version = before.version + 1;
    const submitted = await this.#steer({
      type: 'fee_config',
      ...NONE,
      schedule,
      version,
      makerPpm: rates.makerPpm,
      takerPpm: rates.takerPpm,
      feeAsset: rates.feeAsset ?? before.feeAsset,
      reason,
      requestedBy,
    });
    return { ...submitted, version };
  }

  #admin(
    action: Admin['action'],
    { symbol, account }: Target,
    { reason, requestedBy }: Because,
    also: Partial<Pick<Admin, 'marketState' | 'accountState' | 'until'>> = {},
  ): Promise<Submitted> {
    return this.#steer({
      type: 'admin',
      symbol: symbol ?? (0 as SymbolId),
      seq: 0 as Sequence,
      account: account ?? (0 as AccountId),
      action,
      marketState: also.marketState ?? null,
      accountState: also.accountState ?? null,
      tradeGroup: 0,
      until: also.until ?? (0 as Micros),
      reason,
      requestedBy,
      approvedBy: '',
    });
  }

  #steer(order: OperatorOrder): Promise<Submitted> {
    return this.#control.steer(order, null);
  }
}
