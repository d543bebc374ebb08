/** Places one small order that will not trade, and follows it through the graph, box by box. */
import { decimalOfUnits } from '../../../schemas/decimal.ts';
import { errorWords } from '../exchange/exchange.ts';
import { exchange } from '../exchange/the-exchange.ts';
import { units } from '../format/symbol-rules.ts';
import { Store, useStore } from '../stores/store.ts';

interface Step {
  readonly node: string;
  readonly says: string;
}

const STEPS: readonly Step[] = [
  { node: 'intake', says: 'The gateway checks the shape of the order and hands it over.' },
  { node: 'commands', says: 'It becomes a record in the log of commands, in the partition of your account.' },
  { node: 'ingest', says: 'Ingest looks whether this order came before, and gives it log time.' },
  { node: 'risk', says: 'Risk checks limits and price, and takes the hold from your balance.' },
  { node: 'orders', says: 'Admitted, it goes on in the partition of its symbol.' },
  { node: 'match', says: 'Match puts it into the book: nobody is at its price, so it rests.' },
  { node: 'market', says: 'That is an event of the market, numbered by what caused it.' },
  { node: 'accounts', says: 'The hold is an event of your account.' },
  { node: 'gateway', says: 'All of it was on disk before you were told. Then the order was cancelled again.' },
];
const STEP_MS = 2_200;
/** So far below the best bid that it will not trade while it is looked at. */
const BELOW_PERCENT = 95n;

class TourStore extends Store {
  step = -1;
  words = '';
  at: string | undefined;

  begin(): void {
    if (this.step >= 0) return;
    this.words = 'An order is being placed.';
    this.#show(0);
    void place().then((words) => {
      this.words = words;
      this.changed();
    });
  }

  #show(step: number): void {
    this.step = step < STEPS.length ? step : -1;
    this.at = STEPS[step]?.node;
    this.changed();
    if (this.step >= 0) setTimeout(() => this.#show(step + 1), STEP_MS);
  }
}

export const tour = new TourStore();

export function OrderTour() {
  const { step, words } = useStore(tour);
  if (step < 0 && words === '') return null;
  return (
    <div className="details tour" aria-live="polite">
      <h2>One order</h2>
      <p>{words}</p>
      <ol>
        {STEPS.map(({ node, says }, at) => (
          <li key={node} className={at === step ? 'now' : at < step || step < 0 ? '' : 'muted'}>
            <strong>{node}</strong> {says}
          </li>
        ))}
      </ol>
    </div>
  );
}

async function place(): Promise<string> {
  const { rules } = exchange.selected;
  const best = exchange.book.bids[0]?.price;
  if (!rules || best === undefined) return 'The book is empty, so there is no price to begin from.';
  const wanted = (BigInt(best) * BELOW_PERCENT) / 100n;
  const price = Number(wanted - (wanted % BigInt(rules.tickUnits)));
  const least = units(rules.minNotional, rules.priceDecimals + rules.quantityDecimals);
  const lots = Math.ceil((least * 1.2) / (price * rules.lotUnits));
  const startMs = performance.now();
  const client = exchange.client.socket();
  const placed = await client.place({
    symbol: rules.symbol,
    side: 'buy',
    type: 'limit',
    post_only: true,
    price: decimalOfUnits(price, rules.priceDecimals),
    quantity: decimalOfUnits(lots * rules.lotUnits, rules.quantityDecimals),
  });
  const tookMs = performance.now() - startMs;
  if (!placed.ok) return `It was refused: ${errorWords(placed.error)}`;
  await client.cancel(placed.value.orderId);
  return `Order ${placed.value.orderId} went through all of this, to the disk and back, in ${tookMs.toFixed(1)} ms. It is event ${placed.value.sequence} of your account.`;
}
