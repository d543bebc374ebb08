/** What a state of a market means, in the words of people. */
import type { StatusPayload } from '../../../schemas/socket-payloads.ts';

type State = StatusPayload['state'];

const STATES: {
  readonly [S in State]?: { readonly name: string; readonly means: string; readonly takesOrders: boolean };
} = {
  trading: { name: 'trading', means: '', takesOrders: true },
  limit_only: { name: 'limit only', means: 'Market orders are not taken now.', takesOrders: true },
  post_only: { name: 'post only', means: 'Only orders that rest are taken; nothing trades.', takesOrders: true },
  cancel_only: { name: 'cancel only', means: 'Orders can be cancelled, and nothing else.', takesOrders: false },
  auction: {
    name: 'auction',
    means: 'Limit orders are collected and will trade at one price when the auction ends.',
    takesOrders: true,
  },
  halted: { name: 'halted', means: 'Nothing trades. Open orders can be cancelled.', takesOrders: false },
  closed: { name: 'closed', means: 'The market is closed. Open orders can be cancelled.', takesOrders: false },
  delisted: { name: 'delisted', means: 'This symbol is not traded any more.', takesOrders: false },
};

export const stateName = (state: State): string => STATES[state]?.name ?? state.replaceAll('_', ' ');
export const stateMeans = (state: State): string => STATES[state]?.means ?? '';
export const takesOrders = (state: State): boolean => STATES[state]?.takesOrders ?? true;
