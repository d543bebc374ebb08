import assert from 'node:assert/strict';
import { it } from 'node:test';
import { playDayAndCompare } from './played-day.ts';

it('a simulated day: risk, ledger, history and archive agree, and the archive alone gives the same states', {
  timeout: 600_000,
}, async (context) => {
  const day = await playDayAndCompare(0.2, (line) => context.diagnostic(line));
  context.diagnostic(
    `${day.commands} commands, ${day.trades} trades; ${day.restoredCommands} commands restored from the archive`,
  );
  assert.ok(day.commands > 10_000 && day.trades > 1000);
  assert.ok(day.restoredCommands > 10_000);
});
