import assert from 'node:assert/strict';
import { it } from 'node:test';
import { killAgainAndAgain } from './killed-exchange.ts';

it('loses nothing acknowledged and does nothing twice when it is killed fifty times under load', {
  timeout: 3_600_000,
}, async (context) => {
  const run = await killAgainAndAgain(50, 101, (line) => context.diagnostic(line));
  context.diagnostic(`${run.acknowledged} acknowledged of ${run.commands} commands in the log, ${run.trades} trades`);
  assert.ok(run.trades > 0, 'there was no trade to lose');
});
