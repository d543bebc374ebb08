// The values of this exchange. `sluice echo --options` tells what each option does and allows. A start compares this file
// with the log: what is safe takes effect, what would reinterpret the past is refused with the way out.
import { defineConfig, embedded, env } from './schemas/config.ts';

export default defineConfig({
  pipeline: 'spot',

  // decimals: the unit money is counted in. Seven for USD make tick x lot of BTC-USD exact and still let some
  // 900 million dollars exist. show: what people read. paper: what a new paper account is given.
  assets: {
    USD: { decimals: 7, show: 2, paper: '100000' },
    BTC: { decimals: 9, show: 8, paper: '2' },
    ETH: { decimals: 8, show: 6, paper: '30' },
    SOL: { decimals: 8, show: 4, paper: '500' },
  },

  // tick x lot must be a whole amount of quote, or lint says which decimals would do.
  symbols: {
    'BTC-USD': { tick: '0.01', lot: '0.00001', notional: ['5', '5000000'], band: '±10%', fees: 'standard' },
    'ETH-USD': { tick: '0.01', lot: '0.0001', notional: ['5', '2000000'], band: '±10%', fees: 'standard' },
    'SOL-USD': { tick: '0.01', lot: '0.001', notional: ['5', '500000'], band: '±15%', fees: 'standard' },
    'ETH-BTC': { tick: '0.00001', lot: '0.0001', notional: ['0.0001', '50'], band: '±10%', fees: 'makers' },
  },

  // Change a rate = raise the version: open orders keep the one they were placed under.
  fees: {
    standard: { version: 1, maker: '10 bps', taker: '15 bps', in: 'quote' },
    makers: { version: 1, maker: '0 bps', taker: '10 bps', in: 'quote' },
  },

  admission: { expiry: '60s', remembered: 8_000_000 },
  limits: { openOrders: 200, orders: '50/s', cancels: 'never shed' },
  candles: ['1s', '5s', '1m', '5m', '15m', '1h', '4h', '1d', '1w'],
  simulator: { seed: 7, accounts: 40, ordersPerSecond: 200 }, // remove: an empty exchange
  partitions: { accounts: 4, symbols: { 'BTC-USD': 'own', '*': 'shared' } },
  snapshots: { every: '10s', keep: 3 },
  gateway: { port: 7717 },
  backends: embedded(env('SLUICE_DATA_DIR', './data')),
});
