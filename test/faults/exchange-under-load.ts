/**
 * A process to be killed: the whole embedded exchange on a data directory, with a load of its own. Every acknowledgement
 * is a line of ACKS_FILE, written before anything else happens, so that file is what the clients were told. `--finish`
 * sends nothing: it waits until every lane has caught up, and for a line on standard input; then it stops and prints the
 * state hashes.
 *
 *     node exchange-under-load.ts DATA_DIR ACKS_FILE SEED [--finish | PAUSE_MS between two batches]
 */
import { openSync, writeSync } from 'node:fs';
import configFile from '../../pipeline.config.ts';
import type { Project } from '../../pipelines/load-project.ts';
import { exchangeStatus } from '../../pipelines/runtime/embedded/exchange-status.ts';
import { nodeDisk } from '../../pipelines/runtime/outside/node-disk.ts';
import { systemClock } from '../../pipelines/runtime/outside/system-clock.ts';
import type { HeadInput } from '../../pipelines/runtime/ports.ts';
import spot from '../../pipelines/spot.ts';
import { startExchange } from '../../pipelines/start-exchange.ts';
import { configurationHash, readConfig } from '../../schemas/config.ts';
import { ExitError } from '../../schemas/exit.ts';
import type {
  AccountId,
  Amount,
  AnyRecord,
  AssetId,
  Deposit,
  Micros,
  OrderId,
  Place,
  PriceTicks,
  QuantityLots,
  Sequence,
  SymbolId,
} from '../../schemas/generated/records.ts';
import type { GatewayIntake } from '../../sources/gateway-intake.ts';

const ACCOUNTS = 24;
const BATCH = 40;
const FIRST_ACCOUNT = 100;

const [dataDir, acksFile, seedText, finish] = process.argv.slice(2) as [string, string, string, string | undefined];
const say = (line: string) => process.stdout.write(`${line}\n`);

function project(): Project {
  const { simulator: _, ...file } = configFile as unknown as { readonly [option: string]: object };
  // A bucket is to be seen in a run of seconds, and segments close by the clock.
  const archive = process.env.SLUICE_ARCHIVE_S3_BUCKET === undefined ? {} : { archive: { segmentSeconds: 2 } };
  const given = {
    ...file,
    backends: { ...file.backends, ...archive },
    limits: { openOrders: 100_000, orders: '1000000/s', cancels: 'never shed' },
    snapshots: { every: '1s', keep: 3 },
  };
  const { config, options, faults } = readConfig(given, { file: 'pipeline.config.ts', text: '' }, storesOfTest());
  if (!config) throw new Error(faults.map(({ says }) => says).join('\n'));
  return {
    configFile: 'pipeline.config.ts',
    config,
    options,
    configurationHash: configurationHash(config),
    counts: { account: config.partitions.accounts, symbol: config.partitions.symbols },
    graph: spot,
    topologyUrl: new URL('../../pipelines/spot.ts', import.meta.url).href,
  };
}

/** Servers that the test started, by the variables that name them; whatever else the environment says is not ours. */
function storesOfTest(): { readonly [name: string]: string | undefined } {
  const names = Object.keys(process.env).filter((name) => /^SLUICE_(?:LEDGER|HISTORY|ARCHIVE_S3|CACHE)_/.test(name));
  return Object.fromEntries(names.map((name) => [name, process.env[name]]));
}

const fail = (error: unknown): never => {
  say(`failed ${error instanceof Error ? error.message : String(error)}`);
  process.exit(error instanceof ExitError ? error.code : 70);
};
const started = await startExchange({
  project: project(),
  dataDir,
  disk: nodeDisk(),
  clock: systemClock(),
  say: (line) => process.stderr.write(`${line}\n`),
  fail,
}).catch(fail);
say('running');
if (finish === '--finish') await finishRun();
else await load(Number(seedText), Number(finish ?? 2));

async function load(seed: number, pauseMs: number): Promise<void> {
  const acks = openSync(acksFile, 'a');
  const intake = started.exchange.sources.get('intake') as GatewayIntake;
  let state = seed >>> 0;
  const below = (limit: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
  const open: { readonly account: number; readonly orderId: number; readonly symbol: number }[] = [];
  let number = 0;
  const nowMicros = () => Date.now() * 1000;
  const validUntil = () => (nowMicros() + 20_000_000) as Micros;
  const input = (record: AnyRecord, id: string): HeadInput => ({
    record,
    stampedMicros: nowMicros(),
    done: ({ records }) => {
      for (const { record: caused } of records) {
        if (caused.type === 'hold' && caused.command === 'place') {
          open.push({ account: caused.account, orderId: caused.orderId, symbol: caused.symbol });
        }
      }
      if (open.length > 4000) open.splice(0, 2000);
      writeSync(acks, `${id}\n`);
    },
  });
  for (let account = FIRST_ACCOUNT; account < FIRST_ACCOUNT + ACCOUNTS; account++) {
    for (let asset = 1; asset <= 4; asset++) {
      const deposit: Deposit = {
        type: 'deposit',
        symbol: 0 as SymbolId,
        seq: 0 as Sequence,
        account: account as AccountId,
        asset: asset as AssetId,
        amount: 1_000_000_000_000 as Amount,
        depositId: `d${asset}`,
      };
      intake.offer([input(deposit, `deposit-${account}-${asset}`)]);
    }
  }
  for (;;) {
    const batch: HeadInput[] = [];
    for (let index = 0; index < BATCH; index++) {
      const id = `${seed}-${number++}`;
      const cancelled = below(10) < 3 ? open.splice(below(open.length), 1)[0] : undefined;
      if (cancelled) {
        const record = {
          type: 'cancel',
          symbol: cancelled.symbol as SymbolId,
          seq: 0 as Sequence,
          account: cancelled.account as AccountId,
          orderId: cancelled.orderId as OrderId,
          clientOrderId: '',
          validUntil: validUntil(),
        } as const;
        batch.push(input(record, `cancel-${id}`));
        continue;
      }
      const buy = below(2) === 0;
      const place: Place = {
        type: 'place',
        symbol: 1 as SymbolId,
        seq: 0 as Sequence,
        account: (FIRST_ACCOUNT + below(ACCOUNTS)) as AccountId,
        clientOrderId: id,
        side: buy ? 'buy' : 'sell',
        orderType: 'limit',
        timeInForce: below(10) === 0 ? 'ioc' : 'gtc',
        postOnly: false,
        priceTicks: (6_000_000 + (buy ? -1 : 1) * below(3000) + below(2200) - 1100) as PriceTicks,
        quantityLots: (50 + below(500)) as QuantityLots,
        budget: 0 as Amount,
        selfTradeMode: null,
        expiresAt: 0 as Micros,
        validUntil: validUntil(),
      };
      batch.push(input(place, id));
    }
    if (!intake.offer(batch)) await new Promise((resolve) => setTimeout(resolve, 5));
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}

async function finishRun(): Promise<void> {
  const { exchange } = started;
  const until = Date.now() + 900_000;
  for (;;) {
    const { lanes } = exchangeStatus(exchange);
    // A tick a second keeps every lane a few records behind at most.
    const behind = lanes.filter(
      ({ sink, blocks, lagRecords }) => sink !== 'archive' && (blocks === 0 || lagRecords > 200),
    );
    if (behind.length === 0) break;
    if (Date.now() > until) fail(new Error(`lanes are behind: ${JSON.stringify(behind)}`));
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  exchange.head.checkInvariants();
  say('caught-up');
  await new Promise<void>((resolve) => process.stdin.once('data', () => resolve()));
  await started.stop();
  for (const { instances } of exchange.head.inboxes) {
    for (const { stage, partition, operator } of instances) say(`hash ${stage}/${partition} ${operator.stateHash()}`);
  }
  process.exit(0);
}
