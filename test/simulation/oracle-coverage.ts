import { rejectTable } from '../../operators/accounts/reject-reasons.ts';
import { type AnyRecord, enumSymbols } from '../../schemas/generated/records.ts';
import { AccountEvent, MarketEvent } from '../../schemas/logs.ts';

/** Written by the runtime, not by an operator. */
const NOT_OF_OPERATORS = new Set(['checkpoint']);

/** What a number of runs has brought about, by name, and what they never did. */
export class OracleCoverage {
  readonly counts = new Map<string, number>();

  saw(record: AnyRecord): void {
    this.count(`record ${record.type}`);
    switch (record.type) {
      case 'rejected':
        this.count(`reject ${record.reason}`);
        this.count(`refused ${record.command}`);
        break;
      case 'cancelled':
        this.count(`cancel ${record.reason}`);
        break;
      case 'accepted':
        this.count(`order ${record.orderType} ${record.timeInForce}${record.postOnly ? ' post-only' : ''}`);
        if (record.budget > 0) this.count(`order by budget ${record.side}`);
        break;
      case 'prevented_match':
        this.count(`prevented ${record.mode}`);
        break;
      case 'trade':
        this.count(record.auction ? 'trade auction' : 'trade continuous');
        break;
      case 'amended':
        this.count(record.keptPriority ? 'amend keeps priority' : 'amend loses priority');
        break;
      case 'market_state':
        this.count(`state ${record.state}`);
        break;
      case 'account_changed':
        this.count(`account ${record.state}`);
        break;
      case 'fill':
        this.count(record.fee < 0 ? 'fill with rebate' : 'fill with fee');
        break;
      case 'balance_change':
        this.count(`balance ${record.kind}`);
        break;
      default:
        break;
    }
  }

  /** Names that should have been seen and were not. */
  missing(): string[] {
    return wanted().filter((name) => !this.counts.has(name));
  }

  private count(name: string): void {
    this.counts.set(name, (this.counts.get(name) ?? 0) + 1);
  }
}

function wanted(): string[] {
  const events = [...MarketEvent.types, ...AccountEvent.types].filter((type) => !NOT_OF_OPERATORS.has(type));
  const { CancelReason, CommandKind, SelfTradeMode, TradingState, AccountState } = enumSymbols;
  return [
    ...CommandKind.map((kind) => `record ${kind}`),
    ...CommandKind.map((kind) => `refused ${kind}`),
    ...['record admin', 'record limit_config', 'record admission_config'],
    ...events.map((type) => `record ${type}`),
    // What the gateway alone says can never come out of an operator.
    ...rejectTable.filter((row) => row.stage !== 'gateway').map((row) => `reject ${row.reason}`),
    ...CancelReason.map((reason) => `cancel ${reason}`),
    ...SelfTradeMode.filter((mode) => mode !== 'none').map((mode) => `prevented ${mode}`),
    ...TradingState.map((state) => `state ${state}`),
    ...AccountState.map((state) => `account ${state}`),
    ...['gtc', 'gtc post-only', 'gtd', 'gtd post-only', 'ioc', 'fok'].map((form) => `order limit ${form}`),
    ...['ioc', 'fok'].map((form) => `order market ${form}`),
    ...['order by budget buy', 'order by budget sell', 'trade auction', 'trade continuous'],
    ...['amend keeps priority', 'amend loses priority', 'fill with rebate', 'fill with fee'],
    ...['balance deposit', 'balance withdrawal', 'balance adjustment'],
  ];
}
