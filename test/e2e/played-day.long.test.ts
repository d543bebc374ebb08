import assert from 'node:assert/strict';
import { it } from 'node:test';
import { playDayAndCompare } from './played-day.ts';

it('a million simulated orders: risk, ledger, history and archive agree, and the archive alone gives the same states', {
  timeout: 3_600_000,
}, async (context) => {
  const day = await playDayAndCompare(12, (line) => context.diagnostic(line));
  context.diagnostic(
    `${day.commands} commands, ${day.trades} trades; ${day.restoredCommands} commands restored from the archive`,
  );
  assert.ok(day.commands >= 1_000_000);
});
