import assert from 'node:assert/strict';
import { readRiskSnapshot } from '../../operators/accounts/risk-snapshot.ts';
import type { AnyRecord, FeeConfig, Liquidity, RejectReason } from '../../schemas/generated/records.ts';
import { ExchangeLoop, type LoopRecord } from './exchange-loop.ts';
import * as make from './record-makers.ts';

const ACCOUNT = 100;
const transfers = { deposit: make.deposit, withdraw: make.withdraw, adjust: make.adjust };

/**
 * Runs a table of steps on one account and one order at a time, with match played by the table, and compares what each
 * step told the account and left it with. A line is `step | told | quote available + held | base available + held`;
 * what stands behind `#` is a remark. Steps:
 *
 *     place buy 10 @ 100          market sell 5 @ 90       market buy for 1000 @ 120       market buy 5
 *     amend 12 @ 110              amend 12                 amend @ 110                     cancel
 *     fill 4 @ 99 taker           fill 4 @ 99 taker open 1     (match trades; open lots follow unless given)
 *     amended | amend refused would_cross | cancelled reason | cancel refused | refused reason | prevented 3
 *     reference 100               deposit 5 quote          withdraw 5 quote                adjust -5 base
 */
export function riskTable(setup: RiskTableSetup, table: string): void {
  const run = new RiskTable(setup);
  for (const line of table.split('\n')) {
    const text = line.replace(/#.*/, '').trim();
    if (text === '') continue;
    const cells = text.split('|').map((cell) => cell.trim());
    const told = run.step(cells[0]!);
    assert.equal(`${cells[0]} | ${told} | ${run.funds(cells.length)}`, text.replace(/\s*\|\s*/g, ' | '));
  }
  run.exchange.checkInvariants();
}

export interface RiskTableSetup {
  readonly quote?: number;
  readonly base?: number;
  readonly symbol?: Parameters<typeof make.symbolConfig>[0];
  readonly fees?: { readonly makerPpm?: number; readonly takerPpm?: number; readonly feeAsset?: FeeConfig['feeAsset'] };
}

class RiskTable {
  readonly exchange: ExchangeLoop;
  #orderId = 0;
  #side: 'buy' | 'sell' = 'buy';
  #price = 0;
  #total = 0;
  #open = 0;
  #executed = 0;
  /** Requests that match has not answered, oldest first. */
  #requests: { requestId: number; price: number; total: number }[] = [];

  constructor(setup: RiskTableSetup) {
    this.exchange = new ExchangeLoop(make.oneMarket(setup.symbol, setup.fees), { match: false, checked: true });
    if (setup.quote) this.exchange.apply(make.deposit({ amount: setup.quote }));
    if (setup.base) this.exchange.apply(make.deposit({ asset: make.BASE, amount: setup.base }));
  }

  step(step: string): string {
    const words = step.split(' ');
    const records = this.exchange.apply(this.#recordOf(words));
    for (const { record } of records) this.#follow(record);
    return told(records);
  }

  funds(cells: number): string {
    const { balances } = readRiskSnapshot(this.exchange.operatorOf('risk').snapshot());
    const of = (asset: number) => {
      const found = balances.find((each) => each.account === ACCOUNT && each.asset === asset);
      return `${found?.available ?? 0} + ${found?.held ?? 0}`;
    };
    return cells === 3 ? of(make.QUOTE) : `${of(make.QUOTE)} | ${of(make.BASE)}`;
  }

  #recordOf(words: string[]): AnyRecord {
    const number = (after: string) => (words.includes(after) ? Number(words[words.indexOf(after) + 1]) : 0);
    const order = { orderId: this.#orderId, side: this.#side };
    switch (words[0]) {
      case 'place':
      case 'market': {
        this.#side = words[1] as 'buy' | 'sell';
        this.#price = number('@');
        const budget = number('for');
        this.#total = budget === 0 ? Number(words[2]) : 0;
        const fields = { side: this.#side, priceTicks: this.#price, quantityLots: this.#total, budget };
        return words[0] === 'place' ? make.place(fields) : make.market(fields);
      }
      case 'amend': {
        if (words[1] === 'refused') return this.#answer('amend_rejected', 'amend', words[2] as RejectReason);
        const priceTicks = number('@');
        const quantityLots = words[1] === '@' ? 0 : Number(words[1]);
        return make.amend({ orderId: this.#orderId, priceTicks, quantityLots });
      }
      case 'amended': {
        const { price, total } = this.#requests[0]!;
        const gone = this.#total - this.#open;
        this.#price = price || this.#price;
        this.#total = total || this.#total;
        this.#open = this.#total - gone;
        return this.#answer('amended', 'amend');
      }
      case 'cancel':
        if (words[1] === 'refused') return this.#answer('cancel_rejected', 'cancel', 'order_not_open');
        return make.cancel({ orderId: this.#orderId });
      case 'cancelled': {
        this.#open = 0;
        const reason = words[1] as 'user' | undefined;
        return {
          ...this.#answer('cancelled', reason === 'user' ? 'cancel' : 'amend'),
          cancelReason: reason,
        } as AnyRecord;
      }
      case 'refused':
        this.#open = 0;
        return this.#answer('rejected', 'place', words[1] as RejectReason);
      case 'prevented':
        this.#open -= Number(words[1]);
        return this.#answer('prevented', 'place');
      case 'fill': {
        const lots = Number(words[1]);
        this.#executed += lots;
        this.#open = words.includes('open') ? number('open') : this.#open - lots;
        return make.execution({
          ...order,
          priceTicks: number('@'),
          quantityLots: lots,
          liquidity: words[4] as Liquidity,
          cumulativeLots: this.#executed,
          openPriceTicks: this.#price,
          openLots: this.#open,
        });
      }
      case 'reference':
        return { type: 'reference_price', symbol: make.SYMBOL, seq: 0, priceTicks: Number(words[1]) } as never;
      case 'deposit':
      case 'withdraw':
      case 'adjust': {
        const fields = { amount: Number(words[1]), asset: words[2] === 'base' ? make.BASE : make.QUOTE };
        return transfers[words[0]](fields);
      }
      default:
        throw new Error(`no such step: ${words.join(' ')}`);
    }
  }

  #answer(
    outcome: 'amended' | 'amend_rejected' | 'cancelled' | 'cancel_rejected' | 'rejected' | 'prevented',
    command: 'place' | 'amend' | 'cancel',
    reason?: RejectReason,
  ): AnyRecord {
    const asked = command === 'place' ? undefined : this.#requests.shift();
    return make.orderUpdate({
      orderId: this.#orderId,
      requestId: asked?.requestId ?? 0,
      outcome,
      command,
      rejectReason: reason ?? null,
      openPriceTicks: this.#open > 0 ? this.#price : 0,
      openLots: this.#open,
      executedLots: this.#executed,
    });
  }

  #follow(record: AnyRecord): void {
    if (record.type === 'admitted_place') {
      this.#orderId = record.orderId;
      this.#price = record.priceTicks;
      this.#total = record.quantityLots;
      this.#open = record.quantityLots;
      this.#executed = 0;
      this.#requests = [];
    }
    if (record.type === 'admitted_amend') {
      this.#requests.push({ requestId: record.requestId, price: record.priceTicks, total: record.quantityLots });
    }
    if (record.type === 'admitted_cancel') this.#requests.push({ requestId: record.requestId, price: 0, total: 0 });
  }
}

/** What the accounts log said, in words. */
function told(records: readonly LoopRecord[]): string {
  const words: string[] = [];
  for (const { log, record } of records) {
    if (log !== 'accounts') continue;
    switch (record.type) {
      case 'hold':
        words.push(`hold ${record.amount}`);
        break;
      case 'fill':
        words.push(`paid ${record.holdConsumed}, fee ${record.fee}, released ${record.released}`);
        break;
      case 'release':
        words.push(`released ${record.amount}`);
        break;
      case 'order_amended':
        words.push(`amended, released ${record.released}`);
        break;
      case 'rejected':
        words.push(record.released === 0 ? record.reason : `${record.reason}, released ${record.released}`);
        break;
      case 'balance_change':
        words.push(`${record.kind} ${record.amount}`);
        break;
      default:
        words.push(record.type);
    }
  }
  return words.length === 0 ? '-' : words.join('; ');
}
