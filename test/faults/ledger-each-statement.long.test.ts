import { after, before, test } from 'node:test';
import { type LedgerServer, startLedgerServer } from '../sinks/ledger-server.ts';
import { MESSAGES, serverFaults, strike } from './ledger-faults.ts';
import { type PostgresProxy, startPostgresProxy } from './postgres-proxy.ts';

let ledger: LedgerServer;
let proxy: PostgresProxy;

before(async () => {
  ledger = await startLedgerServer();
  proxy = await startPostgresProxy(ledger.access);
});
after(async () => {
  await proxy.close();
  await ledger.close();
});

for (const fault of serverFaults) {
  for (const when of ['before', 'after'] as const) {
    test(`${fault.name} at each statement of a settlement, ${when} it: everything is settled, once`, async () => {
      for (const [index, letter] of MESSAGES.entries()) {
        if (when === 'after' && letter === 'd') continue;
        await strike(ledger, proxy, fault, index + 1, when);
      }
    });
  }
}
