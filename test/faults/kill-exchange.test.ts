import assert from 'node:assert/strict';
import { it } from 'node:test';
import { killAgainAndAgain } from './killed-exchange.ts';

it('loses nothing acknowledged and does nothing twice when it is killed under load', {
  timeout: 300_000,
}, async (context) => {
  const run = await killAgainAndAgain(4, 11, (line) => context.diagnostic(line));
  context.diagnostic(`${run.acknowledged} acknowledged of ${run.commands} commands in the log, ${run.trades} trades`);
  assert.ok(run.trades > 0, 'there was no trade to lose');
});
