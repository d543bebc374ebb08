import { unreachable } from '../schemas/assert.ts';
import type { Admin } from '../schemas/generated/records.ts';
import { type AccountCommand, ControlRecord, type OrderCommand, recordSet } from '../schemas/logs.ts';
import type { Emit, Moment, Operator, OperatorDefinition, Scope } from './contract.ts';
import { KnownConfiguration } from './control/known-configuration.ts';

const AccountControl = recordSet('AccountControl', [
  'asset_config',
  'symbol_config',
  'fee_config',
  'limit_config',
  'admission_config',
  'admin',
  'tick',
]);
const SymbolControl = recordSet('SymbolControl', ['symbol_config', 'admin', 'tick']);

type ControlPorts = {
  /** To the inboxes of ingest and risk. */
  accounts: Extract<AccountCommand, { type: (typeof AccountControl.types)[number] }>;
  /** To the inboxes of match. */
  symbols: Extract<OrderCommand, { type: (typeof SymbolControl.types)[number] }>;
};

/**
 * Carries each control record, as it is, to every partition that must know it: numbered like all records, so that a kill
 * switch cannot be half done.
 *
 * | record | to |
 * | --- | --- |
 * | tick | every commands and every orders partition |
 * | symbol_config | every commands partition, and the symbol's orders partition |
 * | asset, fee, limit, admission config | every commands partition |
 * | admin about an account | that account's commands partition; every one when the account is 0 |
 * | admin about the market | that symbol's orders partition; every one when the symbol is 0 |
 * | key_revocation | nobody: gateways read it in the control log |
 *
 * `set_account_state` and `set_account_limits` are about an account; `cancel_all` and `kill_switch` are when they name
 * one, and about the market otherwise; the rest is about the market.
 *
 * State: the newest configuration record of each thing, so that a start can compare its file with the log.
 *
 * @example stage('control', fanOutControl(), { in: control })
 */
export function fanOutControl(): OperatorDefinition<ControlRecord, ControlPorts> {
  return {
    name: 'fanOutControl',
    input: ControlRecord,
    outputs: { accounts: AccountControl, symbols: SymbolControl },
    create: (scope) => new FanOutControl(scope),
  };
}

class FanOutControl implements Operator<ControlRecord, ControlPorts> {
  readonly #commands: number;
  readonly #orders: number;
  readonly #known = new KnownConfiguration();

  constructor(scope: Scope) {
    this.#commands = scope.partitions.commands ?? 1;
    this.#orders = scope.partitions.orders ?? 1;
  }

  apply(record: ControlRecord, _moment: Moment, out: Emit<ControlPorts>): void {
    switch (record.type) {
      case 'symbol_config':
        this.#known.learn(record);
        for (let partition = 0; partition < this.#commands; partition++) out.accounts(record, partition);
        // Only the partition that owns the symbol opens its market: a second one would number the same events again.
        out.symbols(record);
        return;
      case 'tick':
        for (let partition = 0; partition < this.#commands; partition++) out.accounts(record, partition);
        for (let partition = 0; partition < this.#orders; partition++) out.symbols(record, partition);
        return;
      case 'asset_config':
      case 'fee_config':
      case 'limit_config':
      case 'admission_config':
        this.#known.learn(record);
        for (let partition = 0; partition < this.#commands; partition++) out.accounts(record, partition);
        return;
      case 'admin':
        this.#admin(record, out);
        return;
      case 'key_revocation':
        return;
      default:
        unreachable(record);
    }
  }

  snapshot(): Uint8Array {
    return this.#known.snapshot();
  }

  restore(bytes: Uint8Array): void {
    this.#known.restore(bytes);
  }

  stateHash(): string {
    return this.#known.stateHash();
  }

  checkInvariants(): void {}

  #admin(admin: Admin, out: Emit<ControlPorts>): void {
    if (isAboutAccount(admin)) {
      if (admin.account !== 0) {
        out.accounts(admin);
        return;
      }
      for (let partition = 0; partition < this.#commands; partition++) out.accounts(admin, partition);
      return;
    }
    if (admin.symbol !== 0) {
      out.symbols(admin);
      return;
    }
    for (let partition = 0; partition < this.#orders; partition++) out.symbols(admin, partition);
  }
}

function isAboutAccount(admin: Admin): boolean {
  switch (admin.action) {
    case 'set_account_state':
    case 'set_account_limits':
      return true;
    case 'cancel_all':
    case 'kill_switch':
      return admin.account !== 0;
    case 'set_market_state':
    case 'open_auction':
    case 'uncross':
      return false;
    default:
      return unreachable(admin.action);
  }
}
