/** A small exchange for the tests of the ledger: the simulated market at some speed, and nothing but the ledger behind it. */
import { defineConfig, embedded, env } from '../../../schemas/config.ts';

export default defineConfig({
  pipeline: 'ledger',
  assets: {
    USD: { decimals: 7, show: 2, paper: '100000' },
    BTC: { decimals: 9, show: 8, paper: '2' },
    ETH: { decimals: 8, show: 6, paper: '30' },
  },
  symbols: {
    'BTC-USD': { tick: '0.01', lot: '0.00001', notional: ['5', '5000000'], band: '±10%', fees: 'standard' },
    'ETH-USD': { tick: '0.01', lot: '0.0001', notional: ['5', '2000000'], band: '±10%', fees: 'standard' },
    'ETH-BTC': { tick: '0.00001', lot: '0.0001', notional: ['0.0001', '50'], band: '±10%', fees: 'standard' },
  },
  fees: { standard: { version: 1, maker: '10 bps', taker: '15 bps', in: 'quote' } },
  simulator: { seed: 11, accounts: 30, ordersPerSecond: 1_500 },
  partitions: { accounts: 3, symbols: { '*': 'shared' } },
  snapshots: { every: '1s', keep: 3 },
  gateway: { port: 0 },
  backends: embedded(env('SLUICE_DATA_DIR', './data')),
});
