/** The exchange of the other project with its stores behind it: what memory forgets, they have. */
import { defineConfig, embedded, env } from '../../../schemas/config.ts';

export default defineConfig({
  pipeline: 'stores',
  assets: {
    USD: { decimals: 7, show: 2, paper: '100000' },
    BTC: { decimals: 9, show: 8, paper: '2' },
    ETH: { decimals: 8, show: 6, paper: '30' },
  },
  symbols: {
    'BTC-USD': { tick: '0.01', lot: '0.00001', notional: ['5', '5000000'], band: '±10%', fees: 'standard' },
    // A tick of five units; fees in what is received.
    'ETH-USD': { tick: '0.05', lot: '0.0001', notional: ['5', '2000000'], fees: 'received' },
    'ETH-BTC': { tick: '0.00001', lot: '0.0001', notional: ['0.0001', '50'], fees: 'standard', opens: 'halted' },
  },
  fees: {
    standard: { version: 1, maker: '10 bps', taker: '15 bps', in: 'quote' },
    received: { version: 1, maker: '-5 bps', taker: '20 bps', in: 'received' },
  },
  limits: { openOrders: 1_000, orders: 'unlimited', cancels: 'never shed' },
  partitions: { accounts: 2, symbols: { 'BTC-USD': 'own', '*': 'shared' } },
  snapshots: { every: '1h', keep: 2 },
  gateway: { port: 0 },
  backends: embedded(env('SLUICE_DATA_DIR', './data')),
});
