/**
 * Which field of the request a reason of the exchange is about, what it was, and what would have been allowed. The
 * exchange has decided; this only says it in the words of the request.
 */
import type { RejectReason, SymbolConfig } from '../../schemas/generated/records.ts';
import { enumSymbols } from '../../schemas/generated/records.ts';
import { percentOfPpm } from '../../schemas/symbol-scale.ts';
import type { AccountPort, ViewPort } from '../ports.ts';
import { formatAmount, SymbolDecimals } from './decimals.ts';
import type { Refusal } from './errors.ts';

/** Fields of an order as the request wrote them; those that it left out are undefined. */
export interface AskedOrder {
  readonly side?: string | undefined;
  readonly type?: string | undefined;
  readonly time_in_force?: string | undefined;
  readonly price?: string | undefined;
  readonly quantity?: string | undefined;
  readonly budget?: string | undefined;
  readonly post_only?: boolean | undefined;
  readonly self_trade_mode?: string | undefined;
  readonly expires_at?: string | undefined;
  readonly client_order_id?: string | undefined;
}

export interface AskedOf {
  readonly config: SymbolConfig;
  readonly account: AccountPort;
  readonly views: ViewPort;
}

export type Explanation = Pick<Refusal, 'field' | 'given' | 'allowed'>;

/** Nothing where the reason is not about a field: a state of the market, a limit of the account. */
export function explainReject(
  reason: RejectReason,
  asked: AskedOrder,
  { config, account, views }: AskedOf,
): Explanation {
  const about = (field: keyof AskedOrder, allowed: string): Explanation => ({ field, given: asked[field], allowed });
  const decimals = new SymbolDecimals(config);
  const size = asked.budget === undefined ? 'quantity' : 'budget';
  switch (reason) {
    case 'client_order_id_reused':
      return about('client_order_id', 'an id that no other order of this account used lately');
    case 'bad_combination':
      return brokenCombination(asked, config);
    case 'quantity_out_of_range':
      return about(size, decimals.quantityAllowed());
    case 'price_out_of_range':
      return about('price', decimals.priceAllowed());
    case 'notional_out_of_range': {
      const quote = views.assets.get(config.quoteAsset)!;
      const [least, most] = [config.minNotionalAmount, config.maxNotionalAmount].map((units) =>
        formatAmount(units, quote),
      );
      return about(size, `price times quantity, or a budget, from ${least} to ${most} ${quote.name}`);
    }
    case 'amount_overflow':
      return about(size, 'an order whose hold is below 2^53 units');
    case 'expiry_in_past':
      return about('expires_at', 'a time to come');
    case 'no_reference_price':
      return about('price', 'a worst price, as long as the market has no reference price');
    case 'outside_price_band':
      return about('price', `within ${percentOfPpm(config.bandPpm)} % of the reference price`);
    case 'post_only_would_cross':
      return about('price', 'a price at which nobody stands on the other side');
    case 'insufficient_funds': {
      const asset = views.assets.get(asked.side === 'sell' ? config.baseAsset : config.quoteAsset)!;
      const available = account.balances.get(asset.asset)?.available ?? 0;
      return about(size, `what ${formatAmount(available, asset)} ${asset.name} cover, the fee included`);
    }
    default:
      return {};
  }
}

interface Combination {
  readonly field: keyof AskedOrder;
  readonly broken: (asked: AskedOrder) => boolean;
  readonly allowed: string;
}

const COMBINATIONS: readonly Combination[] = [
  { field: 'budget', broken: (o) => o.type === 'limit' && o.budget !== undefined, allowed: 'for a market order only' },
  { field: 'price', broken: (o) => o.type === 'limit' && o.price === undefined, allowed: 'a price, for a limit order' },
  {
    field: 'quantity',
    broken: (o) => o.type === 'limit' && o.quantity === undefined,
    allowed: 'a quantity, for a limit order',
  },
  {
    field: 'budget',
    broken: (o) => o.type === 'market' && (o.budget === undefined) === (o.quantity === undefined),
    allowed: 'either quantity or budget, for a market order',
  },
  {
    field: 'time_in_force',
    broken: (o) => o.type === 'market' && (o.time_in_force === 'gtc' || o.time_in_force === 'gtd'),
    allowed: 'ioc or fok, for a market order',
  },
  {
    field: 'post_only',
    broken: (o) =>
      o.post_only === true && (o.type === 'market' || o.time_in_force === 'ioc' || o.time_in_force === 'fok'),
    allowed: 'for a limit order that may rest (gtc, gtd)',
  },
  {
    field: 'expires_at',
    broken: (o) => (o.time_in_force === 'gtd') !== (o.expires_at !== undefined),
    allowed: 'with time_in_force gtd, and always with it',
  },
];

function brokenCombination(asked: AskedOrder, config: SymbolConfig): Explanation {
  const found = COMBINATIONS.find(({ broken }) => broken(asked));
  if (found) return { field: found.field, given: asked[found.field], allowed: found.allowed };
  if (asked.self_trade_mode === undefined) return {};
  const modes = enumSymbols.SelfTradeMode.filter((_, bit) => (config.allowedSelfTradeModes >> bit) & 1);
  return { field: 'self_trade_mode', given: asked.self_trade_mode, allowed: modes.join(', ') };
}
