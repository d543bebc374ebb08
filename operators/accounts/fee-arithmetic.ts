/** Parts of a rate: 1,000,000 ppm are the whole. */
export const PPM = 1_000_000;

/**
 * Floor of amount x ppm / 1,000,000, exact for every safe amount from 0 and rates up to the whole: the product itself
 * would leave the safe integers, so the amount is cut into millions and a rest.
 */
export function floorShare(amount: number, ppm: number): number {
  const millions = wholeMillions(amount);
  const rest = amount - millions * PPM;
  return millions * ppm + Math.floor((rest * ppm) / PPM);
}

/** Whole millions in an amount from 0 to 2^53 - 1. A multiplication may miss by one; the difference tells. */
export function wholeMillions(amount: number): number {
  const millions = Math.floor(amount * 1e-6);
  const rest = amount - millions * PPM;
  if (rest < 0) return millions - 1;
  return rest >= PPM ? millions + 1 : millions;
}

/**
 * The worst that can still be charged on `amount`, beyond what is charged: ceil(charged so far + amount x ppm) less the
 * charge so far, both in whole units. `paidRest` is the fraction of a unit, in ppm, of the numerator so far.
 */
export function worstFee(amount: number, ppm: number, paidRest: number): number {
  const millions = wholeMillions(amount);
  const numerator = (amount - millions * PPM) * ppm + paidRest;
  const carry = Math.floor(numerator / PPM);
  const up = numerator - carry * PPM > 0 ? 1 : 0;
  const charged = paidRest > 0 ? 1 : 0;
  return millions * ppm + carry + up - charged;
}

/** Ceil of amount / unit for safe amounts from 0 and units from 1. */
export function divCeil(amount: number, unit: number): number {
  const rest = amount % unit;
  const floor = (amount - rest) / unit;
  return rest === 0 ? floor : floor + 1;
}
