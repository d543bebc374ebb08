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
import { beginRow, caused, numbered, offsetOfCause } from './row-origin.ts';
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
        const c = beginRow(this.fills, partition, offset, record.symbol, envelope, this.#generation);
        numbered(c, record.seq, envelope);
        c.account.push(record.account);
        c.order_id.push(record.orderId);
        c.trade_id.push(record.tradeId);
        c.side.push(tables.sideNumbers[record.side]!);
        c.liquidity.push(tables.liquidityNumbers[record.liquidity]!);
        c.price_ticks.push(record.priceTicks);
        c.quantity_lots.push(record.quantityLots);
        c.base_asset.push(record.baseAsset);
        c.quote_asset.push(record.quoteAsset);
        c.base_amount.push(record.baseAmount);
        c.quote_amount.push(record.quoteAmount);
        c.fee_asset.push(record.feeAsset);
        c.fee.push(record.fee);
        c.fee_version.push(record.feeVersion);
        c.hold_consumed.push(record.holdConsumed);
        c.released.push(record.released);
        c.cumulative_lots.push(record.cumulativeLots);
        c.open_lots.push(record.openLots);
        c.cumulative_quote_amount.push(record.cumulativeQuoteAmount);
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
        const c = beginRow(this.rejects, partition, offset, record.symbol, envelope, this.#generation);
        numbered(c, record.seq, envelope);
        c.account.push(record.account);
        c.order_id.push(record.orderId);
        c.client_order_id.push(record.clientOrderId);
        c.command.push(tables.commandNumbers[record.command]!);
        c.reason.push(tables.reasonNumbers[record.reason]!);
        c.stage.push(tables.stageNumbers[record.stage]!);
        c.asset.push(record.asset);
        c.released.push(record.released);
        return;
      }
      case 'asset_config': {
        const c = beginRow(this.assets, partition, offset, record.symbol, envelope, this.#generation);
        caused(c, envelope);
        c.asset.push(record.asset);
        c.name.push(record.name);
        c.decimals.push(record.decimals);
        c.show_decimals.push(record.showDecimals);
        return;
      }
      case 'fee_config': {
        const c = beginRow(this.fees, partition, offset, record.symbol, envelope, this.#generation);
        caused(c, envelope);
        c.schedule.push(record.schedule);
        c.version.push(record.version);
        c.maker_ppm.push(record.makerPpm);
        c.taker_ppm.push(record.takerPpm);
        c.fee_asset.push(record.feeAsset);
        return;
      }
      case 'symbol_config': // the market log has it, with the symbol's sequence
      case 'tick':
      case 'checkpoint':
        return;
      default:
        unreachable(record);
    }
  }

  entry(partition: number, record: Entry, envelope: Envelope): void {
    const c = beginRow(
      this.entries,
      partition,
      offsetOfCause(envelope),
      record.tradeSymbol,
      envelope,
      this.#generation,
    );
    c.event_id.push(envelope.eventId);
    c.entry_id.push(record.entryId);
    c.kind.push(tables.entryKindNumbers[record.kind]!);
    c.account_partition.push(record.accountPartition);
    c.first_sequence.push(record.firstSequence);
    c.last_sequence.push(record.lastSequence);
    c.trade_id.push(record.tradeId);
    c.command_id.push(record.commandId);
    c.moved_at.push(record.movedAt);
    c.reverses.push(record.reverses);
    c.reference.push(record.reference);
    c.reason.push(record.reason);
    for (const posting of record.postings) {
      c.posting_accounts.values.push(posting.account);
      c.posting_ledger_accounts.values.push(tables.ledgerAccountNumbers[posting.ledgerAccount]!);
      c.posting_assets.values.push(posting.asset);
      c.posting_amounts.values.push(posting.amount);
    }
    c.posting_accounts.endRow();
    c.posting_ledger_accounts.endRow();
    c.posting_assets.endRow();
    c.posting_amounts.endRow();
  }

  #hold(partition: number, offset: number, record: Hold, envelope: Envelope): void {
    const c = beginRow(this.accountEvents, partition, offset, record.symbol, envelope, this.#generation);
    numbered(c, record.seq, envelope);
    c.type.push(tables.accountEventNumbers.hold!);
    c.account.push(record.account);
    c.order_id.push(record.orderId);
    c.client_order_id.push(record.clientOrderId);
    c.asset.push(record.asset);
    c.amount.push(record.amount);
    c.command.push(tables.commandNumbers[record.command]!);
    c.side.push(tables.sideNumbers[record.side]!);
    c.order_type.push(tables.orderTypeNumbers[record.orderType]!);
    c.time_in_force.push(tables.timeInForceNumbers[record.timeInForce]!);
    c.post_only.push(record.postOnly ? 1 : 0);
    c.price_ticks.push(record.priceTicks);
    c.quantity_lots.push(record.quantityLots);
    c.budget.push(record.budget);
    c.expires_at.push(record.expiresAt);
    c.fee_version.push(record.feeVersion);
    c.executed_lots.push(0);
    c.open_lots.push(0);
    c.reason.push(0);
    noAdministration(c);
  }

  #release(partition: number, offset: number, record: Release, envelope: Envelope): void {
    const c = beginRow(this.accountEvents, partition, offset, record.symbol, envelope, this.#generation);
    numbered(c, record.seq, envelope);
    c.type.push(tables.accountEventNumbers.release!);
    c.account.push(record.account);
    c.order_id.push(record.orderId);
    c.client_order_id.push('');
    c.asset.push(record.asset);
    c.amount.push(record.amount);
    noTerms(c);
    c.price_ticks.push(0);
    c.quantity_lots.push(0);
    c.budget.push(0);
    c.expires_at.push(0);
    c.fee_version.push(0);
    c.executed_lots.push(record.executedLots);
    c.open_lots.push(record.openLots);
    c.reason.push(record.reason === null ? 0 : tables.reasonNumbers[record.reason]!);
    noAdministration(c);
  }

  #orderAmended(partition: number, offset: number, record: OrderAmended, envelope: Envelope): void {
    const c = beginRow(this.accountEvents, partition, offset, record.symbol, envelope, this.#generation);
    numbered(c, record.seq, envelope);
    c.type.push(tables.accountEventNumbers.order_amended!);
    c.account.push(record.account);
    c.order_id.push(record.orderId);
    c.client_order_id.push('');
    c.asset.push(record.asset);
    c.amount.push(record.released);
    noTerms(c);
    c.price_ticks.push(record.priceTicks);
    c.quantity_lots.push(record.quantityLots);
    c.budget.push(0);
    c.expires_at.push(0);
    c.fee_version.push(0);
    c.executed_lots.push(0);
    c.open_lots.push(record.openLots);
    c.reason.push(0);
    noAdministration(c);
  }

  #balanceChange(partition: number, offset: number, record: BalanceChange, envelope: Envelope): void {
    const c = beginRow(this.accountEvents, partition, offset, record.symbol, envelope, this.#generation);
    numbered(c, record.seq, envelope);
    c.type.push(tables.accountEventNumbers.balance_change!);
    c.account.push(record.account);
    c.order_id.push(0);
    c.client_order_id.push('');
    c.asset.push(record.asset);
    c.amount.push(record.amount);
    noOrder(c);
    c.change.push(tables.balanceChangeNumbers[record.kind]!);
    c.state.push(0);
    c.trade_group.push(0);
    c.reference.push(record.reference);
    c.note.push(noteOf(record.reason, record.requestedBy, record.approvedBy));
  }

  #repeated(partition: number, offset: number, record: Repeated, envelope: Envelope): void {
    const c = beginRow(this.accountEvents, partition, offset, record.symbol, envelope, this.#generation);
    numbered(c, record.seq, envelope);
    c.type.push(tables.accountEventNumbers.repeated!);
    c.account.push(record.account);
    c.order_id.push(record.orderId);
    c.client_order_id.push(record.clientOrderId);
    c.asset.push(0);
    c.amount.push(0);
    noOrder(c);
    noAdministration(c);
  }

  #accountChanged(partition: number, offset: number, record: AccountChanged, envelope: Envelope): void {
    const c = beginRow(this.accountEvents, partition, offset, record.symbol, envelope, this.#generation);
    numbered(c, record.seq, envelope);
    c.type.push(tables.accountEventNumbers.account_changed!);
    c.account.push(record.account);
    c.order_id.push(0);
    c.client_order_id.push('');
    c.asset.push(0);
    c.amount.push(0);
    noOrder(c);
    c.change.push(0);
    c.state.push(tables.accountStateNumbers[record.state]!);
    c.trade_group.push(record.tradeGroup);
    c.reference.push('');
    c.note.push(noteOf(record.reason, record.requestedBy, ''));
  }
}

type AccountEventColumns = AccountRows['accountEvents']['columns'];

function noTerms(c: AccountEventColumns): void {
  c.command.push(0);
  c.side.push(0);
  c.order_type.push(0);
  c.time_in_force.push(0);
  c.post_only.push(0);
}

function noOrder(c: AccountEventColumns): void {
  noTerms(c);
  c.price_ticks.push(0);
  c.quantity_lots.push(0);
  c.budget.push(0);
  c.expires_at.push(0);
  c.fee_version.push(0);
  c.executed_lots.push(0);
  c.open_lots.push(0);
  c.reason.push(0);
}

function noAdministration(c: AccountEventColumns): void {
  c.change.push(0);
  c.state.push(0);
  c.trade_group.push(0);
  c.reference.push('');
  c.note.push('');
}

function noteOf(reason: string, requestedBy: string, approvedBy: string): string {
  const parts = [reason, requestedBy && `asked by ${requestedBy}`, approvedBy && `approved by ${approvedBy}`];
  return parts.filter((part) => part !== '').join(', ');
}
