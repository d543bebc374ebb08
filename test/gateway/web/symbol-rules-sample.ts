import { type SymbolRules, symbolRules } from '../../../gateway/web/format/symbol-rules.ts';

/** BTC-USD as the project's configuration has it. */
export const btcUsd: SymbolRules = symbolRules({
  symbol: 'BTC-USD',
  base: 'BTC',
  quote: 'USD',
  tick: '0.01',
  lot: '0.00001',
  price: { min: '0.01', max: '9000000.00' },
  quantity: { min: '0.00001', max: '100.00000' },
  notional: { min: '5', max: '5000000' },
  band_percent: '10',
  fees: 'standard',
  state: 'trading',
  state_reason: '',
});
