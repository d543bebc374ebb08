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
        c.seq.set(row, record.seq);
        setCause(c, row, envelope);
        c.account.set(row, record.account);
        c.order_id.set(row, record.orderId);
        c.trade_id.set(row, record.tradeId);
        c.side.set(row, tables.sideNumbers[record.side]!);
        c.liquidity.set(row, tables.liquidityNumbers[record.liquidity]!);
        c.price_ticks.set(row, record.priceTicks);
        c.quantity_lots.set(row, record.quantityLots);
        c.base_asset.set(row, record.baseAsset);
        c.quote_asset.set(row, record.quoteAsset);
        c.base_amount.set(row, record.baseAmount);
        c.quote_amount.set(row, record.quoteAmount);
        c.fee_asset.set(row, record.feeAsset);
        c.fee.set(row, record.fee);
        c.fee_version.set(row, record.feeVersion);
        c.hold_consumed.set(row, record.holdConsumed);
        c.released.set(row, record.released);
        c.cumulative_lots.set(row, record.cumulativeLots);
        c.open_lots.set(row, record.openLots);
        c.cumulative_quote_amount.set(row, record.cumulativeQuoteAmount);
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
        c.seq.set(row, record.seq);
        setCause(c, row, envelope);
        c.account.set(row, record.account);
        c.order_id.set(row, record.orderId);
        c.client_order_id.set(row, record.clientOrderId);
        c.command.set(row, tables.commandNumbers[record.command]!);
        c.reason.set(row, tables.reasonNumbers[record.reason]!);
        c.stage.set(row, tables.stageNumbers[record.stage]!);
        c.asset.set(row, record.asset);
        c.released.set(row, record.released);
        return;
      }
      case 'asset_config': {
        const row = beginRow(this.assets, partition, offset, record.symbol, envelope, this.#generation);
        const c = this.assets.columns;
        setCause(c, row, envelope);
        c.asset.set(row, record.asset);
        c.name.set(row, record.name);
        c.decimals.set(row, record.decimals);
        c.show_decimals.set(row, record.showDecimals);
        return;
      }
      case 'fee_config': {
        const row = beginRow(this.fees, partition, offset, record.symbol, envelope, this.#generation);
        const c = this.fees.columns;
        setCause(c, row, envelope);
        c.schedule.set(row, record.schedule);
        c.version.set(row, record.version);
        c.maker_ppm.set(row, record.makerPpm);
        c.taker_ppm.set(row, record.takerPpm);
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
    c.event_id.set(row, envelope.eventId);
    c.entry_id.set(row, record.entryId);
    c.kind.set(row, tables.entryKindNumbers[record.kind]!);
    c.account_partition.set(row, record.accountPartition);
    c.first_sequence.set(row, record.firstSequence);
    c.last_sequence.set(row, record.lastSequence);
    c.trade_id.set(row, record.tradeId);
    c.command_id.set(row, record.commandId);
    c.moved_at.set(row, record.movedAt);
    c.reverses.set(row, record.reverses);
    c.reference.set(row, record.reference);
    c.reason.set(row, record.reason);
    const accounts = c.posting_accounts;
    const ledgerAccounts = c.posting_ledger_accounts;
    const assets = c.posting_assets;
    const amounts = c.posting_amounts;
    for (const posting of record.postings) {
      accounts.values.set(accounts.element(), posting.account);
      ledgerAccounts.values.set(ledgerAccounts.element(), tables.ledgerAccountNumbers[posting.ledgerAccount]!);
      assets.values.set(assets.element(), posting.asset);
      amounts.values.set(amounts.element(), posting.amount);
    }
    accounts.endRow(row);
    ledgerAccounts.endRow(row);
    assets.endRow(row);
    amounts.endRow(row);
  }

  #hold(partition: number, offset: number, record: Hold, envelope: Envelope): void {
    const row = beginRow(this.accountEvents, partition, offset, record.symbol, envelope, this.#generation);
    const c = this.accountEvents.columns;
    c.seq.set(row, record.seq);
    setCause(c, row, envelope);
    c.type.set(row, tables.accountEventNumbers.hold!);
    c.account.set(row, record.account);
    c.order_id.set(row, record.orderId);
    c.client_order_id.set(row, record.clientOrderId);
    c.asset.set(row, record.asset);
    c.amount.set(row, record.amount);
    c.command.set(row, tables.commandNumbers[record.command]!);
    c.side.set(row, tables.sideNumbers[record.side]!);
    c.order_type.set(row, tables.orderTypeNumbers[record.orderType]!);
    c.time_in_force.set(row, tables.timeInForceNumbers[record.timeInForce]!);
    c.post_only.set(row, record.postOnly ? 1 : 0);
    c.price_ticks.set(row, record.priceTicks);
    c.quantity_lots.set(row, record.quantityLots);
    c.budget.set(row, record.budget);
    c.expires_at.set(row, record.expiresAt);
    c.fee_version.set(row, record.feeVersion);
  }

  #release(partition: number, offset: number, record: Release, envelope: Envelope): void {
    const row = beginRow(this.accountEvents, partition, offset, record.symbol, envelope, this.#generation);
    const c = this.accountEvents.columns;
    c.seq.set(row, record.seq);
    setCause(c, row, envelope);
    c.type.set(row, tables.accountEventNumbers.release!);
    c.account.set(row, record.account);
    c.order_id.set(row, record.orderId);
    c.asset.set(row, record.asset);
    c.amount.set(row, record.amount);
    c.executed_lots.set(row, record.executedLots);
    c.open_lots.set(row, record.openLots);
    c.reason.set(row, record.reason === null ? 0 : tables.reasonNumbers[record.reason]!);
  }

  #orderAmended(partition: number, offset: number, record: OrderAmended, envelope: Envelope): void {
    const row = beginRow(this.accountEvents, partition, offset, record.symbol, envelope, this.#generation);
    const c = this.accountEvents.columns;
    c.seq.set(row, record.seq);
    setCause(c, row, envelope);
    c.type.set(row, tables.accountEventNumbers.order_amended!);
    c.account.set(row, record.account);
    c.order_id.set(row, record.orderId);
    c.asset.set(row, record.asset);
    c.amount.set(row, record.released);
    c.price_ticks.set(row, record.priceTicks);
    c.quantity_lots.set(row, record.quantityLots);
    c.open_lots.set(row, record.openLots);
  }

  #balanceChange(partition: number, offset: number, record: BalanceChange, envelope: Envelope): void {
    const row = beginRow(this.accountEvents, partition, offset, record.symbol, envelope, this.#generation);
    const c = this.accountEvents.columns;
    c.seq.set(row, record.seq);
    setCause(c, row, envelope);
    c.type.set(row, tables.accountEventNumbers.balance_change!);
    c.account.set(row, record.account);
    c.asset.set(row, record.asset);
    c.amount.set(row, record.amount);
    c.change.set(row, tables.balanceChangeNumbers[record.kind]!);
    c.reference.set(row, record.reference);
    c.note.set(row, noteOf(record.reason, record.requestedBy, record.approvedBy));
  }

  #repeated(partition: number, offset: number, record: Repeated, envelope: Envelope): void {
    const row = beginRow(this.accountEvents, partition, offset, record.symbol, envelope, this.#generation);
    const c = this.accountEvents.columns;
    c.seq.set(row, record.seq);
    setCause(c, row, envelope);
    c.type.set(row, tables.accountEventNumbers.repeated!);
    c.account.set(row, record.account);
    c.order_id.set(row, record.orderId);
    c.client_order_id.set(row, record.clientOrderId);
  }

  #accountChanged(partition: number, offset: number, record: AccountChanged, envelope: Envelope): void {
    const row = beginRow(this.accountEvents, partition, offset, record.symbol, envelope, this.#generation);
    const c = this.accountEvents.columns;
    c.seq.set(row, record.seq);
    setCause(c, row, envelope);
    c.type.set(row, tables.accountEventNumbers.account_changed!);
    c.account.set(row, record.account);
    c.state.set(row, tables.accountStateNumbers[record.state]!);
    c.trade_group.set(row, record.tradeGroup);
    c.note.set(row, noteOf(record.reason, record.requestedBy, ''));
  }
}

function noteOf(reason: string, requestedBy: string, approvedBy: string): string {
  const parts = [reason, requestedBy && `asked by ${requestedBy}`, approvedBy && `approved by ${approvedBy}`];
  return parts.filter((part) => part !== '').join(', ');
}
