/** A level as an auction sees it. */
export interface AuctionLevel {
  readonly priceTicks: number;
  readonly lots: number;
}

/** Where an auction would uncross; all 0 when nothing would trade. */
export interface ClearingPrice {
  readonly priceTicks: number;
  readonly matchedLots: number;
  /** What would be left over at the price, on whichever side. */
  readonly surplusLots: number;
}

const NOTHING: ClearingPrice = { priceTicks: 0, matchedLots: 0, surplusLots: 0 };

/**
 * The one price of an uncross: the largest volume, then the smallest surplus, then the price nearest the reference
 * (0: there is none), then the lower.
 *
 * Demand and supply change only at prices at which orders stand, so it is enough to judge those prices and, for the
 * reference's sake, one price of each gap between neighbours.
 *
 * @param bids best (highest) first, at least all those at or above the lowest ask
 * @param asks best (lowest) first, at least all those at or below the highest bid
 */
export function clearingPrice(
  bids: readonly AuctionLevel[],
  asks: readonly AuctionLevel[],
  referenceTicks: number,
): ClearingPrice {
  const highestBid = bids[0]?.priceTicks ?? 0;
  const lowestAsk = asks[0]?.priceTicks ?? 0;
  if (highestBid === 0 || lowestAsk === 0 || highestBid < lowestAsk) return NOTHING;

  const prices = [...bids, ...asks]
    .map((level) => level.priceTicks)
    .filter((priceTicks) => priceTicks >= lowestAsk && priceTicks <= highestBid)
    .sort((a, b) => a - b)
    .filter((priceTicks, i, sorted) => priceTicks !== sorted[i - 1]);

  let best = NOTHING;
  let demand = bids.reduce((sum, bid) => (bid.priceTicks >= lowestAsk ? sum + bid.lots : sum), 0);
  let supply = 0;
  let bid = bids.length - 1;
  while (bids[bid]!.priceTicks < lowestAsk) bid--;
  let ask = 0;
  const judge = (lowTicks: number, highTicks: number): void => {
    const priceTicks = Math.min(Math.max(referenceTicks, lowTicks), highTicks);
    const matchedLots = Math.min(demand, supply);
    const candidate = { priceTicks, matchedLots, surplusLots: Math.max(demand, supply) - matchedLots };
    if (isBetter(candidate, best, referenceTicks)) best = candidate;
  };
  for (const [i, priceTicks] of prices.entries()) {
    while (ask < asks.length && asks[ask]!.priceTicks <= priceTicks) supply += asks[ask++]!.lots;
    judge(priceTicks, priceTicks);
    while (bid >= 0 && bids[bid]!.priceTicks <= priceTicks) demand -= bids[bid--]!.lots;
    const next = prices[i + 1];
    if (next !== undefined && next > priceTicks + 1) judge(priceTicks + 1, next - 1);
  }
  return best;
}

// Candidates come from the lowest price upwards, so at a full tie the first, lower one stays.
function isBetter(candidate: ClearingPrice, best: ClearingPrice, referenceTicks: number): boolean {
  if (candidate.matchedLots !== best.matchedLots) return candidate.matchedLots > best.matchedLots;
  if (candidate.surplusLots !== best.surplusLots) return candidate.surplusLots < best.surplusLots;
  if (referenceTicks === 0) return false;
  return Math.abs(candidate.priceTicks - referenceTicks) < Math.abs(best.priceTicks - referenceTicks);
}
