import { unreachable } from '../../schemas/assert.ts';
import type { Envelope } from '../../schemas/envelope.ts';
import type {
  AccountChanged,
  BalanceChange,
  Entry,
  Hold,
  OrderAmended,
  Release,
  Repeated,
} from '../../schemas/generated/records.ts';
import type { AccountEvent } from '../../schemas/logs.ts';
import { beginRow, offsetOfCause, setCause } from './row-origin.ts';
import { type AnyBlock, TableBlock } from './table.ts';
import * as tables from './tables.ts';

/** Rows of the accounts log and of the entries that settle made of it: each record is one row of one table, ticks, checkpoints
 * and copies of what the market log has are none. */
export class AccountRows {
  readonly accountEvents = new TableBlock(tables.accountEvents);
  readonly fills = new TableBlock(tables.fills);
  readonly rejects = new TableBlock(tables.rejects);
  readonly assets = new TableBlock(tables.assets);
  readonly fees = new TableBlock(tables.fees);
  readonly entries = new TableBlock(tables.entries);
  /** In the order in which they are inserted. */
  readonly blocks: readonly AnyBlock[] = [
    this.accountEvents,
    this.fills,
    this.rejects,
    this.assets,
    this.fees,
    this.entries,
  ];
  readonly #generation: number;

  constructor(generation: number) {
    this.#generation = generation;
  }

  event(partition: number, offset: number, record: AccountEvent, envelope: Envelope): void {
    switch (record.type) {
      case 'hold':
        this.#hold(partition, offset, record, envelope);
        return;
      case 'fill': {
        const row = beginRow(this.fills, partition, offset, record.symbol, envelope, this.#generation);
        const c = this.fills.columns;
        c.seq.values[row] = record.seq;
        setCause(c, row, envelope);
        c.account.values[row] = record.account;
        c.order_id.values[row] = record.orderId;
        c.trade_id.values[row] = record.tradeId;
        c.side.values[row] = tables.sideNumbers[record.side]!;
        c.liquidity.values[row] = tables.liquidityNumbers[record.liquidity]!;
        c.price_ticks.values[row] = record.priceTicks;
        c.quantity_lots.values[row] = record.quantityLots;
        c.base_asset.values[row] = record.baseAsset;
        c.quote_asset.values[row] = record.quoteAsset;
        c.base_amount.values[row] = record.baseAmount;
        c.quote_amount.values[row] = record.quoteAmount;
        c.fee_asset.values[row] = record.feeAsset;
        c.fee.values[row] = record.fee;
        c.fee_version.values[row] = record.feeVersion;
        c.hold_consumed.values[row] = record.holdConsumed;
        c.released.values[row] = record.released;
        c.cumulative_lots.values[row] = record.cumulativeLots;
        c.open_lots.values[row] = record.openLots;
        c.cumulative_quote_amount.values[row] = record.cumulativeQuoteAmount;
        return;
      }
      case 'release':
        this.#release(partition, offset, record, envelope);
        return;
      case 'order_amended':
        this.#orderAmended(partition, offset, record, envelope);
        return;
      case 'balance_change':
        this.#balanceChange(partition, offset, record, envelope);
        return;
      case 'repeated':
        this.#repeated(partition, offset, record, envelope);
        return;
      case 'account_changed':
        this.#accountChanged(partition, offset, record, envelope);
        return;
      case 'rejected': {
        const row = beginRow(this.rejects, partition, offset, record.symbol, envelope, this.#generation);
        const c = this.rejects.columns;
        c.seq.values[row] = record.seq;
        setCause(c, row, envelope);
        c.account.values[row] = record.account;
        c.order_id.values[row] = record.orderId;
        c.client_order_id.set(row, record.clientOrderId);
        c.command.values[row] = tables.commandNumbers[record.command]!;
        c.reason.values[row] = tables.reasonNumbers[record.reason]!;
        c.stage.values[row] = tables.stageNumbers[record.stage]!;
        c.asset.values[row] = record.asset;
        c.released.values[row] = record.released;
        return;
      }
      case 'asset_config': {
        const row = beginRow(this.assets, partition, offset, record.symbol, envelope, this.#generation);
        const c = this.assets.columns;
        setCause(c, row, envelope);
        c.asset.values[row] = record.asset;
        c.name.set(row, record.name);
        c.decimals.values[row] = record.decimals;
        c.show_decimals.values[row] = record.showDecimals;
        return;
      }
      case 'fee_config': {
        const row = beginRow(this.fees, partition, offset, record.symbol, envelope, this.#generation);
        const c = this.fees.columns;
        setCause(c, row, envelope);
        c.schedule.set(row, record.schedule);
        c.version.values[row] = record.version;
        c.maker_ppm.values[row] = record.makerPpm;
        c.taker_ppm.values[row] = record.takerPpm;
        c.fee_asset.set(row, record.feeAsset);
        return;
      }
      case 'cancel_all_taken': // says only that match was asked: the cancels themselves are told
      case 'symbol_config': // the market log has it, with the symbol's sequence
      case 'tick':
      case 'checkpoint':
        return;
      default:
        unreachable(record);
    }
  }

  entry(partition: number, record: Entry, envelope: Envelope): void {
    const { entries } = this;
    const row = beginRow(entries, partition, offsetOfCause(envelope), record.tradeSymbol, envelope, this.#generation);
    const c = entries.columns;
    c.event_id.values[row] = envelope.eventId;
    c.entry_id.values[row] = record.entryId;
    c.kind.values[row] = tables.entryKindNumbers[record.kind]!;
    c.account_partition.values[row] = record.accountPartition;
    c.first_sequence.values[row] = record.firstSequence;
    c.last_sequence.values[row] = record.lastSequence;
    c.trade_id.values[row] = record.tradeId;
    c.command_id.values[row] = record.commandId;
    c.moved_at.values[row] = record.movedAt;
    c.reverses.values[row] = record.reverses;
    c.reference.set(row, record.reference);
    c.reason.set(row, record.reason);
    const accounts = c.posting_accounts;
    const ledgerAccounts = c.posting_ledger_accounts;
    const assets = c.posting_assets;
    const amounts = c.posting_amounts;
    for (const posting of record.postings) {
      // The element first: it may give the column other memory.
      const at = accounts.element();
      accounts.values.values[at] = posting.account;
      ledgerAccounts.element();
      ledgerAccounts.values.values[at] = tables.ledgerAccountNumbers[posting.ledgerAccount]!;
      assets.element();
      assets.values.values[at] = posting.asset;
      amounts.element();
      amounts.values.values[at] = posting.amount;
    }
    accounts.endRow(row);
    ledgerAccounts.endRow(row);
    assets.endRow(row);
    amounts.endRow(row);
  }

  #hold(partition: number, offset: number, record: Hold, envelope: Envelope): void {
    const row = beginRow(this.accountEvents, partition, offset, record.symbol, envelope, this.#generation);
    const c = this.accountEvents.columns;
    c.seq.values[row] = record.seq;
    setCause(c, row, envelope);
    c.type.values[row] = tables.accountEventNumbers.hold!;
    c.account.values[row] = record.account;
    c.order_id.values[row] = record.orderId;
    c.client_order_id.set(row, record.clientOrderId);
    c.asset.values[row] = record.asset;
    c.amount.values[row] = record.amount;
    c.command.values[row] = tables.commandNumbers[record.command]!;
    c.side.values[row] = tables.sideNumbers[record.side]!;
    c.order_type.values[row] = tables.orderTypeNumbers[record.orderType]!;
    c.time_in_force.values[row] = tables.timeInForceNumbers[record.timeInForce]!;
    c.post_only.values[row] = record.postOnly ? 1 : 0;
    c.price_ticks.values[row] = record.priceTicks;
    c.quantity_lots.values[row] = record.quantityLots;
    c.budget.values[row] = record.budget;
    c.expires_at.values[row] = record.expiresAt;
    c.fee_version.values[row] = record.feeVersion;
  }

  #release(partition: number, offset: number, record: Release, envelope: Envelope): void {
    const row = beginRow(this.accountEvents, partition, offset, record.symbol, envelope, this.#generation);
    const c = this.accountEvents.columns;
    c.seq.values[row] = record.seq;
    setCause(c, row, envelope);
    c.type.values[row] = tables.accountEventNumbers.release!;
    c.account.values[row] = record.account;
    c.order_id.values[row] = record.orderId;
    c.asset.values[row] = record.asset;
    c.amount.values[row] = record.amount;
    c.executed_lots.values[row] = record.executedLots;
    c.open_lots.values[row] = record.openLots;
    c.reason.values[row] = record.reason === null ? 0 : tables.reasonNumbers[record.reason]!;
  }

  #orderAmended(partition: number, offset: number, record: OrderAmended, envelope: Envelope): void {
    const row = beginRow(this.accountEvents, partition, offset, record.symbol, envelope, this.#generation);
    const c = this.accountEvents.columns;
    c.seq.values[row] = record.seq;
    setCause(c, row, envelope);
    c.type.values[row] = tables.accountEventNumbers.order_amended!;
    c.account.values[row] = record.account;
    c.order_id.values[row] = record.orderId;
    c.asset.values[row] = record.asset;
    c.amount.values[row] = record.released;
    c.price_ticks.values[row] = record.priceTicks;
    c.quantity_lots.values[row] = record.quantityLots;
    c.open_lots.values[row] = record.openLots;
  }

  #balanceChange(partition: number, offset: number, record: BalanceChange, envelope: Envelope): void {
    const row = beginRow(this.accountEvents, partition, offset, record.symbol, envelope, this.#generation);
    const c = this.accountEvents.columns;
    c.seq.values[row] = record.seq;
    setCause(c, row, envelope);
    c.type.values[row] = tables.accountEventNumbers.balance_change!;
    c.account.values[row] = record.account;
    c.asset.values[row] = record.asset;
    c.amount.values[row] = record.amount;
    c.change.values[row] = tables.balanceChangeNumbers[record.kind]!;
    c.reference.set(row, record.reference);
    c.note.set(row, noteOf(record.reason, record.requestedBy, record.approvedBy));
  }

  #repeated(partition: number, offset: number, record: Repeated, envelope: Envelope): void {
    const row = beginRow(this.accountEvents, partition, offset, record.symbol, envelope, this.#generation);
    const c = this.accountEvents.columns;
    c.seq.values[row] = record.seq;
    setCause(c, row, envelope);
    c.type.values[row] = tables.accountEventNumbers.repeated!;
    c.account.values[row] = record.account;
    c.order_id.values[row] = record.orderId;
    c.client_order_id.set(row, record.clientOrderId);
  }

  #accountChanged(partition: number, offset: number, record: AccountChanged, envelope: Envelope): void {
    const row = beginRow(this.accountEvents, partition, offset, record.symbol, envelope, this.#generation);
    const c = this.accountEvents.columns;
    c.seq.values[row] = record.seq;
    setCause(c, row, envelope);
    c.type.values[row] = tables.accountEventNumbers.account_changed!;
    c.account.values[row] = record.account;
    c.state.values[row] = tables.accountStateNumbers[record.state]!;
    c.trade_group.values[row] = record.tradeGroup;
    c.note.set(row, noteOf(record.reason, record.requestedBy, ''));
  }
}

function noteOf(reason: string, requestedBy: string, approvedBy: string): string {
  const parts = [reason, requestedBy && `asked by ${requestedBy}`, approvedBy && `approved by ${approvedBy}`];
  return parts.filter((part) => part !== '').join(', ');
}
