/** A settlement on a primary with a synchronous standby, and what is true of it after a failover. */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { PostgresAddress } from '../../infra/native/addresses.ts';
import type { SinkBlock, SinkContext } from '../../pipelines/runtime/ports.ts';
import { ledgerOptions } from '../../schemas/config.ts';
import { Connections } from '../../sinks/postgres-ledger/connections.ts';
import { type LedgerSums, QUERY_LIMITS, readSums } from '../../sinks/postgres-ledger/ledger-queries.ts';
import { type LedgerServers, ledgerServers } from '../../sinks/postgres-ledger/ledger-servers.ts';
import { postgresLedger } from '../../sinks/postgres-ledger/postgres-ledger.ts';
import { foldOf, ordered, patiently, realClock } from '../sinks/ledger-server.ts';
import { LedgerTraffic } from '../sinks/ledger-traffic.ts';

export type Standby = 'wanted' | 'required';

export function optionsOf(address: PostgresAddress, synchronousStandby: Standby) {
  const { standby, database, user, password } = address;
  const hosts = [address, ...(standby ? [standby] : [])].map(({ host, port }) => `${host}:${port}`).join(',');
  return { ...ledgerOptions.parse({ hosts, database, user, password, synchronousStandby }), hosts };
}

export function serversOf(address: PostgresAddress, standby: Standby = 'wanted'): LedgerServers {
  return ledgerServers(optionsOf(address, standby));
}

/** The sink as a configuration opens it. */
export async function openLedger(address: PostgresAddress, standby: Standby = 'wanted') {
  const said: string[] = [];
  const context = {
    dataDir: '/nowhere',
    config: { backends: { ledger: optionsOf(address, standby) } },
    clock: realClock,
    say: (line: string) => said.push(line),
  };
  const sink = await postgresLedger({ waitMs: 0 }).open(context as unknown as SinkContext);
  return Object.assign(sink, { said });
}

export async function sumsOf({ access }: LedgerServers): Promise<LedgerSums> {
  return patiently(async () => {
    const connections = new Connections(() => access('reader'), 'sluice test', QUERY_LIMITS);
    try {
      return await connections.withClient(readSums);
    } finally {
      connections.close();
    }
  });
}

export async function assertSettled(servers: LedgerServers, source: LedgerTraffic): Promise<void> {
  const { postings, balances } = await sumsOf(servers);
  assert.deepEqual(foldOf(postings), ordered(source.balances), 'every entry, and none twice');
  assert.deepEqual(foldOf(balances), ordered(source.balances));
}

/** Writes blocks as they come and remembers how far each partition was told to be settled. */
export class Load {
  readonly source: LedgerTraffic;
  /** Next offset by partition: everything below it was acknowledged as settled. */
  readonly settled = new Map<number, number>();
  readonly #write: (block: SinkBlock) => Promise<void>;
  readonly #written: Promise<void>[] = [];
  #orders = 0;
  #ended = false;

  constructor(seed: number, write: (block: SinkBlock) => Promise<void>) {
    this.source = new LedgerTraffic({ seed, accounts: 12, partitions: 2, ordersPerTick: 300 });
    this.#write = write;
  }

  give(orders: number): void {
    this.#orders += orders;
    this.source.runTo(this.#orders);
    for (const block of this.source.take()) this.#hand(block);
  }

  /** Gives orders until it is told to stop. */
  async run(ordersEach: number, everyMs: number): Promise<void> {
    while (!this.#ended) {
      this.give(ordersEach);
      await sleep(everyMs);
    }
  }

  /** Everything is settled when it resolves. */
  async drain(): Promise<void> {
    this.#ended = true;
    this.source.tick();
    for (const block of this.source.take()) this.#hand(block);
    await Promise.all(this.#written);
  }

  #hand(block: SinkBlock): void {
    const written = this.#write(block).then(() => {
      this.settled.set(block.partition, block.lastOffset + 1);
    });
    written.catch(() => undefined);
    this.#written.push(written);
  }
}
