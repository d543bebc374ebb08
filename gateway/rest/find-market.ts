import type { MarketPort, ViewPort } from '../ports.ts';
import { RequestRefused } from './errors.ts';

/** The market of a name, or a refusal that lists those that there are. */
export function marketNamed(symbol: string, { views }: { readonly views: ViewPort }): MarketPort {
  const market = views.market(symbol);
  if (market) return market;
  const allowed = [...views.markets.values()].map(({ config }) => config.name).join(', ');
  const message = `There is no symbol ${symbol}: ${allowed} are traded.`;
  throw new RequestRefused({ code: 'unknown_symbol', message, field: 'symbol', given: symbol, allowed });
}
