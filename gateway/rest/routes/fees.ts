import { decimalOfUnits } from '../../../schemas/decimal.ts';
import type { ViewPort } from '../../ports.ts';
import { feesAnswer } from '../answer-shapes.ts';
import { ok, route } from '../route.ts';

export const feeRoutes = [
  route({
    id: 'fees',
    method: 'GET',
    path: '/v1/fees',
    subject: 'Account',
    summary: 'fees as they apply to this account, by symbol',
    says: 'In hundredths of a percent of the notional; a negative one is a rebate. A new order takes the version that is in force when it is placed, and keeps it. The fee of an order is rounded up once, on its sum.',
    access: 'read',
    limit: { class: 'read', weight: 1 },
    answers: { 200: { says: 'a row a symbol', body: feesAnswer } },
    refusals: [],
    examples: [{ says: 'What does it cost to trade?', status: 200 }],
    handle: (_asked, { views }) =>
      ok({ fees: [...views.markets.values()].flatMap(({ config }) => feeRow(config, views)) }),
  }),
];

function feeRow(config: { readonly name: string; readonly feeSchedule: string }, { fees }: ViewPort) {
  const schedule = fees.get(config.feeSchedule);
  if (!schedule) return [];
  return [
    {
      symbol: config.name,
      schedule: schedule.schedule,
      version: schedule.version,
      maker_bps: decimalOfUnits(schedule.makerPpm, 2),
      taker_bps: decimalOfUnits(schedule.takerPpm, 2),
      fee_in: schedule.feeAsset,
    },
  ];
}
