/** Why an order ended, for people. */
const WORDS: { readonly [reason: string]: string } = {
  user: 'Cancelled by you.',
  cancel_all: 'Cancelled with all others.',
  disconnect: 'Cancelled because the connection ended, as you had asked.',
  ioc_remainder: 'Filled as far as possible at once; the rest was cancelled.',
  fok_unfillable: 'All or nothing: the book did not hold all of it.',
  no_liquidity: 'Nobody was on the other side.',
  price_protection: 'Stopped at the protection price; the rest was cancelled.',
  stp_newest: 'It would have traded with your own order.',
  stp_oldest: 'Your newer order would have traded with it.',
  stp_both: 'Two of your own orders would have traded.',
  stp_decrement: 'Lessened against your own order, down to nothing.',
  expired: 'Its time ran out.',
  amended_below_filled: 'Amended to what was filled already.',
  admin: 'Cancelled by the exchange.',
  halt_and_cancel: 'The market was halted and its book emptied.',
  delisted: 'The symbol was delisted.',
};

export function cancelWords(reason: string): string {
  return WORDS[reason] ?? `Ended: ${reason.replaceAll('_', ' ')}.`;
}
