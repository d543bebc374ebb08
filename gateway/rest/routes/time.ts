import { timeAnswer } from '../answer-shapes.ts';
import { instantOfMicros } from '../instants.ts';
import { ok, route } from '../route.ts';

export const timeRoutes = [
  route({
    id: 'time',
    method: 'GET',
    path: '/v1/time',
    subject: 'Market data',
    summary: 'time of the exchange',
    access: 'public',
    limit: { class: 'read', weight: 1 },
    answers: { 200: { says: 'the time, UTC', body: timeAnswer } },
    refusals: [],
    examples: [{ says: 'What time is it?', status: 200 }],
    handle: (_asked, { clock }) => ok({ time: instantOfMicros(clock.nowMicros()) }),
  }),
];
