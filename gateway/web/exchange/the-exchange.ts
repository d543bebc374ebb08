/** The one exchange of this tab. */
import { Exchange } from './exchange.ts';

export const exchange = new Exchange();
