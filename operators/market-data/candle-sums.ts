import type { Trade } from '../../schemas/generated/records.ts';
import type { StateReader, StateWriter } from '../accounts/state-bytes.ts';
import { WideSum } from './wide-sum.ts';

/** What the trades of a span add up to. Blank while `tradeCount` is 0. */
export class CandleSums {
  openTicks = 0;
  highTicks = 0;
  lowTicks = 0;
  closeTicks = 0;
  baseLots = 0;
  takerBuyLots = 0;
  tradeCount = 0;
  firstTradeId = 0;
  lastTradeId = 0;
  readonly quote = new WideSum();
  readonly takerBuyQuote = new WideSum();

  /** An auction has no taker: its trades count for nobody's side. */
  addTrade(trade: Trade): void {
    const price = trade.priceTicks;
    if (this.tradeCount === 0) {
      this.openTicks = price;
      this.highTicks = price;
      this.lowTicks = price;
      this.firstTradeId = trade.seq;
    }
    if (price > this.highTicks) this.highTicks = price;
    if (price < this.lowTicks) this.lowTicks = price;
    this.closeTicks = price;
    this.baseLots += trade.quantityLots;
    this.quote.add(trade.quoteAmount);
    this.tradeCount += 1;
    this.lastTradeId = trade.seq;
    if (trade.takerSide === 'buy' && !trade.auction) {
      this.takerBuyLots += trade.quantityLots;
      this.takerBuyQuote.add(trade.quoteAmount);
    }
  }

  /** Adds a span that lies behind this one: the result is what all its trades, one by one, would have given. */
  addSums(later: CandleSums): void {
    if (later.tradeCount === 0) return;
    if (this.tradeCount === 0) {
      this.set(later);
      return;
    }
    if (later.highTicks > this.highTicks) this.highTicks = later.highTicks;
    if (later.lowTicks < this.lowTicks) this.lowTicks = later.lowTicks;
    this.closeTicks = later.closeTicks;
    this.baseLots += later.baseLots;
    this.takerBuyLots += later.takerBuyLots;
    this.tradeCount += later.tradeCount;
    this.lastTradeId = later.lastTradeId;
    this.quote.addSum(later.quote);
    this.takerBuyQuote.addSum(later.takerBuyQuote);
  }

  set(other: CandleSums): void {
    this.openTicks = other.openTicks;
    this.highTicks = other.highTicks;
    this.lowTicks = other.lowTicks;
    this.closeTicks = other.closeTicks;
    this.baseLots = other.baseLots;
    this.takerBuyLots = other.takerBuyLots;
    this.tradeCount = other.tradeCount;
    this.firstTradeId = other.firstTradeId;
    this.lastTradeId = other.lastTradeId;
    this.quote.set(other.quote);
    this.takerBuyQuote.set(other.takerBuyQuote);
  }

  clear(): void {
    this.openTicks = 0;
    this.highTicks = 0;
    this.lowTicks = 0;
    this.closeTicks = 0;
    this.baseLots = 0;
    this.takerBuyLots = 0;
    this.tradeCount = 0;
    this.firstTradeId = 0;
    this.lastTradeId = 0;
    this.quote.clear();
    this.takerBuyQuote.clear();
  }

  write(to: StateWriter): void {
    to.number(this.tradeCount);
    if (this.tradeCount === 0) return;
    to.number(this.openTicks);
    to.number(this.highTicks);
    to.number(this.lowTicks);
    to.number(this.closeTicks);
    to.number(this.baseLots);
    to.number(this.takerBuyLots);
    to.number(this.firstTradeId);
    to.number(this.lastTradeId);
    this.quote.write(to);
    this.takerBuyQuote.write(to);
  }

  read(from: StateReader): void {
    this.clear();
    this.tradeCount = from.number();
    if (this.tradeCount === 0) return;
    this.openTicks = from.number();
    this.highTicks = from.number();
    this.lowTicks = from.number();
    this.closeTicks = from.number();
    this.baseLots = from.number();
    this.takerBuyLots = from.number();
    this.firstTradeId = from.number();
    this.lastTradeId = from.number();
    this.quote.read(from);
    this.takerBuyQuote.read(from);
  }

  isSound(): boolean {
    if (this.tradeCount === 0) return this.baseLots === 0 && this.closeTicks === 0 && this.quote.value() === 0n;
    return (
      this.lowTicks <= Math.min(this.openTicks, this.closeTicks) &&
      this.highTicks >= Math.max(this.openTicks, this.closeTicks) &&
      this.takerBuyLots <= this.baseLots &&
      this.takerBuyQuote.value() <= this.quote.value() &&
      this.firstTradeId <= this.lastTradeId &&
      Number.isSafeInteger(this.baseLots)
    );
  }
}
