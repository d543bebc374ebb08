/** Every route of REST, by subject, in the order in which the page shows them. */
import type { AnyRoute } from './route.ts';
import { balanceRoutes } from './routes/balances.ts';
import { bookRoutes } from './routes/book.ts';
import { candleRoutes } from './routes/candles.ts';
import { feeRoutes } from './routes/fees.ts';
import { fillRoutes } from './routes/fills.ts';
import { ledgerRoutes } from './routes/ledger.ts';
import { orderBatchRoutes } from './routes/order-batches.ts';
import { orderReplacementRoutes } from './routes/order-replacements.ts';
import { orderTestRoutes } from './routes/order-tests.ts';
import { orderRoutes } from './routes/orders.ts';
import { symbolRoutes } from './routes/symbols.ts';
import { tickerRoutes } from './routes/ticker.ts';
import { timeRoutes } from './routes/time.ts';
import { tradeRoutes } from './routes/trades.ts';
import { transferRoutes } from './routes/transfers.ts';

export const restRoutes: readonly AnyRoute[] = [
  ...timeRoutes,
  ...symbolRoutes,
  ...bookRoutes,
  ...tradeRoutes,
  ...candleRoutes,
  ...tickerRoutes,
  ...orderRoutes,
  ...orderTestRoutes,
  ...orderBatchRoutes,
  ...orderReplacementRoutes,
  ...balanceRoutes,
  ...fillRoutes,
  ...ledgerRoutes,
  ...feeRoutes,
  ...transferRoutes,
];
