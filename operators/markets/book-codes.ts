import type { CancelReason, SelfTradeMode, Side, TimeInForce } from '../../schemas/generated/records.ts';
import { BUY, cancelReasons, FOK, GTC, GTD, IOC, SELL, selfTradeModes } from '../order-book/codes.ts';

/** Words of records as the small integers of the book, and back. */
export const CANCEL_ADMIN = codeOfCancelReason('admin');
export const CANCEL_HALT_AND_CANCEL = codeOfCancelReason('halt_and_cancel');
export const CANCEL_DELISTED = codeOfCancelReason('delisted');

export function codeOfSide(side: Side): number {
  return side === 'buy' ? BUY : SELL;
}

export function codeOfTimeInForce(timeInForce: TimeInForce): number {
  switch (timeInForce) {
    case 'gtc':
      return GTC;
    case 'ioc':
      return IOC;
    case 'fok':
      return FOK;
    case 'gtd':
      return GTD;
  }
}

export function codeOfSelfTradeMode(mode: SelfTradeMode): number {
  return selfTradeModes.indexOf(mode);
}

export function codeOfCancelReason(reason: CancelReason): number {
  return cancelReasons.indexOf(reason);
}

export function cancelReasonOf(code: number): CancelReason {
  return cancelReasons[code]!;
}
