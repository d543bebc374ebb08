// The bot of the client's README is run as it stands there, against a real exchange.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { AccountId } from '../../schemas/generated/records.ts';
import { tokenOf } from './running-gateway.ts';
import { eventually, runSocketGateway } from './sockets/socket-gateway.ts';

const ROOM = join(import.meta.dirname, '../../gateway/client');
const BOT = 100 as AccountId;
const MAKER = 101 as AccountId;
const TAKER = 102 as AccountId;

test('the bot of the README quotes both sides, tells of its fill, and leaves nothing behind when it is killed', async () => {
  const gateway = await runSocketGateway();
  for (const account of [BOT, MAKER, TAKER]) {
    await gateway.fund(account, 'USD', '1000000');
    await gateway.fund(account, 'BTC', '10');
  }
  const maker = await gateway.socket(MAKER);
  const far = { symbol: 'BTC-USD', type: 'limit', quantity: '0.50000' } as const;
  assert.ok((await maker.place({ ...far, side: 'buy', price: '64000.00' })).ok);
  assert.ok((await maker.place({ ...far, side: 'sell', price: '64010.00' })).ok);

  const [, program] = /```ts\n([\s\S]*?)```/.exec(readFileSync(join(ROOM, 'README.md'), 'utf8'))!;
  assert.ok(program!.trim().split('\n').length <= 40, 'a bot in some thirty lines');
  const file = join(ROOM, `readme-bot-${process.pid}.ts`);
  writeFileSync(file, program!);
  after(() => rmSync(file, { force: true }));
  const bot: ChildProcess = spawn(process.execPath, [file], {
    env: { ...process.env, SLUICE_URL: gateway.url, SLUICE_TOKEN: tokenOf(BOT) },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  bot.stdout!.on('data', (bytes: Buffer) => {
    said += bytes.toString();
  });
  const open = () => gateway.parts.views.account(BOT).openOrders();
  await eventually(() => open().length === 2, 'both sides are quoted', 15_000);

  const taker = await gateway.socket(TAKER);
  // What stood before the bot at the same price goes first.
  assert.ok(
    (await taker.place({ ...far, side: 'buy', price: '64010.00', quantity: '0.60000', time_in_force: 'ioc' })).ok,
  );
  await eventually(() => said.includes('sell 0.00100 at 64010.00'), 'the bot tells of its fill', 10_000);
  bot.kill('SIGKILL');
  await eventually(() => open().length === 0, 'its orders are cancelled', 10_000);
  await gateway.stop();
});
