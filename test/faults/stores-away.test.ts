import assert from 'node:assert/strict';
import { it } from 'node:test';
import { takeStoresAway } from './stores-away.ts';

const skip = process.platform === 'linux' ? false : 'skipped: processes are found through /proc';

it('trades on while PostgreSQL and history are stopped and killed, and misses nothing after', {
  timeout: 300_000,
  skip,
}, async (context) => {
  const run = await takeStoresAway(4000, (line) => context.diagnostic(line));
  context.diagnostic(`${run.acknowledged} acknowledged of ${run.commands} commands in the log, ${run.trades} trades`);
  assert.ok(run.trades > 0);
});
