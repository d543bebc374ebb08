// Made by schemas/generate.ts from schemas/records/*.avsc. Change those, then run: node schemas/generate.ts
import { InvariantBroken } from '../assert.ts';
import {
  readArrayEnd,
  readBoolean,
  readCount,
  readIndex,
  readInt,
  readLong,
  readPresence,
  readString,
  readWide,
  writeBoolean,
  writeInt,
  writeLong,
  writeString,
  writeWide,
} from '../avro-bytes.ts';
import type { Envelope } from '../envelope.ts';
import type {
  Accepted,
  AccountChanged,
  AccountId,
  AccountState,
  Adjust,
  Admin,
  AdminAction,
  AdmissionConfig,
  AdmittedAmend,
  AdmittedCancel,
  AdmittedCancelAll,
  AdmittedPlace,
  Amend,
  Amended,
  Amount,
  AnyRecord,
  AssetConfig,
  AssetId,
  AuctionIndicative,
  BalanceChange,
  BalanceChangeKind,
  BookDelta,
  Cancel,
  CancelAll,
  CancelAllDone,
  CancelAllTaken,
  CancelReason,
  Cancelled,
  Candle,
  Checkpoint,
  CommandKind,
  Deposit,
  Entry,
  EntryKind,
  Execution,
  FeeAsset,
  FeeConfig,
  Fill,
  Hold,
  KeyRevocation,
  LedgerAccount,
  LimitConfig,
  Liquidity,
  MarketState,
  Micros,
  OrderAmended,
  OrderId,
  OrderOutcome,
  OrderType,
  OrderUpdate,
  Place,
  Posting,
  PreventedMatch,
  PriceTicks,
  QuantityLots,
  RatePpm,
  RecordType,
  ReferencePrice,
  RejectReason,
  RejectStage,
  Rejected,
  Release,
  Repeated,
  SelfTradeMode,
  Sequence,
  Side,
  SymbolConfig,
  SymbolId,
  Tick,
  Ticker,
  TimeInForce,
  TopOfBook,
  Trade,
  TradingState,
  Withdraw,
} from './records.ts';
import { enumSymbols } from './records.ts';

function writeAccountState(bytes: Uint8Array, at: number, value: AccountState): number {
  if (value === 'active') bytes[at] = 0;
  else if (value === 'suspended') bytes[at] = 2;
  else if (value === 'disabled') bytes[at] = 4;
  else throw new InvariantBroken(`"${value}" is no AccountState`);
  return at + 1;
}

function writeAdminAction(bytes: Uint8Array, at: number, value: AdminAction): number {
  if (value === 'set_market_state') bytes[at] = 0;
  else if (value === 'open_auction') bytes[at] = 2;
  else if (value === 'uncross') bytes[at] = 4;
  else if (value === 'cancel_all') bytes[at] = 6;
  else if (value === 'kill_switch') bytes[at] = 8;
  else if (value === 'set_account_state') bytes[at] = 10;
  else if (value === 'set_account_limits') bytes[at] = 12;
  else throw new InvariantBroken(`"${value}" is no AdminAction`);
  return at + 1;
}

function writeBalanceChangeKind(bytes: Uint8Array, at: number, value: BalanceChangeKind): number {
  if (value === 'deposit') bytes[at] = 0;
  else if (value === 'withdrawal') bytes[at] = 2;
  else if (value === 'adjustment') bytes[at] = 4;
  else throw new InvariantBroken(`"${value}" is no BalanceChangeKind`);
  return at + 1;
}

const indexOfCancelReason: ReadonlyMap<string, number> = new Map(enumSymbols.CancelReason.map((symbol, index) => [symbol, index]));

function writeCancelReason(bytes: Uint8Array, at: number, value: CancelReason): number {
  const index = indexOfCancelReason.get(value);
  if (index === undefined) throw new InvariantBroken(`"${value}" is no CancelReason`);
  bytes[at] = index << 1;
  return at + 1;
}

function writeCommandKind(bytes: Uint8Array, at: number, value: CommandKind): number {
  if (value === 'place') bytes[at] = 0;
  else if (value === 'amend') bytes[at] = 2;
  else if (value === 'cancel') bytes[at] = 4;
  else if (value === 'cancel_all') bytes[at] = 6;
  else if (value === 'deposit') bytes[at] = 8;
  else if (value === 'withdraw') bytes[at] = 10;
  else if (value === 'adjust') bytes[at] = 12;
  else throw new InvariantBroken(`"${value}" is no CommandKind`);
  return at + 1;
}

function writeEntryKind(bytes: Uint8Array, at: number, value: EntryKind): number {
  if (value === 'trade') bytes[at] = 0;
  else if (value === 'hold') bytes[at] = 2;
  else if (value === 'deposit') bytes[at] = 4;
  else if (value === 'withdrawal') bytes[at] = 6;
  else if (value === 'adjustment') bytes[at] = 8;
  else if (value === 'reversal') bytes[at] = 10;
  else throw new InvariantBroken(`"${value}" is no EntryKind`);
  return at + 1;
}

function writeFeeAsset(bytes: Uint8Array, at: number, value: FeeAsset): number {
  if (value === 'quote') bytes[at] = 0;
  else if (value === 'received') bytes[at] = 2;
  else throw new InvariantBroken(`"${value}" is no FeeAsset`);
  return at + 1;
}

function writeLedgerAccount(bytes: Uint8Array, at: number, value: LedgerAccount): number {
  if (value === 'available') bytes[at] = 0;
  else if (value === 'hold') bytes[at] = 2;
  else if (value === 'fees') bytes[at] = 4;
  else if (value === 'clearing') bytes[at] = 6;
  else if (value === 'outside') bytes[at] = 8;
  else throw new InvariantBroken(`"${value}" is no LedgerAccount`);
  return at + 1;
}

function writeLiquidity(bytes: Uint8Array, at: number, value: Liquidity): number {
  if (value === 'maker') bytes[at] = 0;
  else if (value === 'taker') bytes[at] = 2;
  else if (value === 'auction') bytes[at] = 4;
  else throw new InvariantBroken(`"${value}" is no Liquidity`);
  return at + 1;
}

function writeOrderOutcome(bytes: Uint8Array, at: number, value: OrderOutcome): number {
  if (value === 'accepted') bytes[at] = 0;
  else if (value === 'rejected') bytes[at] = 2;
  else if (value === 'cancelled') bytes[at] = 4;
  else if (value === 'amended') bytes[at] = 6;
  else if (value === 'amend_rejected') bytes[at] = 8;
  else if (value === 'cancel_rejected') bytes[at] = 10;
  else if (value === 'prevented') bytes[at] = 12;
  else if (value === 'expired') bytes[at] = 14;
  else throw new InvariantBroken(`"${value}" is no OrderOutcome`);
  return at + 1;
}

function writeOrderType(bytes: Uint8Array, at: number, value: OrderType): number {
  if (value === 'limit') bytes[at] = 0;
  else if (value === 'market') bytes[at] = 2;
  else throw new InvariantBroken(`"${value}" is no OrderType`);
  return at + 1;
}

const indexOfRejectReason: ReadonlyMap<string, number> = new Map(enumSymbols.RejectReason.map((symbol, index) => [symbol, index]));

function writeRejectReason(bytes: Uint8Array, at: number, value: RejectReason): number {
  const index = indexOfRejectReason.get(value);
  if (index === undefined) throw new InvariantBroken(`"${value}" is no RejectReason`);
  bytes[at] = index << 1;
  return at + 1;
}

function writeRejectStage(bytes: Uint8Array, at: number, value: RejectStage): number {
  if (value === 'ingest') bytes[at] = 0;
  else if (value === 'risk') bytes[at] = 2;
  else if (value === 'match') bytes[at] = 4;
  else throw new InvariantBroken(`"${value}" is no RejectStage`);
  return at + 1;
}

function writeSelfTradeMode(bytes: Uint8Array, at: number, value: SelfTradeMode): number {
  if (value === 'none') bytes[at] = 0;
  else if (value === 'cancel_newest') bytes[at] = 2;
  else if (value === 'cancel_oldest') bytes[at] = 4;
  else if (value === 'cancel_both') bytes[at] = 6;
  else if (value === 'decrement') bytes[at] = 8;
  else throw new InvariantBroken(`"${value}" is no SelfTradeMode`);
  return at + 1;
}

function writeSide(bytes: Uint8Array, at: number, value: Side): number {
  if (value === 'buy') bytes[at] = 0;
  else if (value === 'sell') bytes[at] = 2;
  else throw new InvariantBroken(`"${value}" is no Side`);
  return at + 1;
}

function writeTimeInForce(bytes: Uint8Array, at: number, value: TimeInForce): number {
  if (value === 'gtc') bytes[at] = 0;
  else if (value === 'ioc') bytes[at] = 2;
  else if (value === 'fok') bytes[at] = 4;
  else if (value === 'gtd') bytes[at] = 6;
  else throw new InvariantBroken(`"${value}" is no TimeInForce`);
  return at + 1;
}

function writeTradingState(bytes: Uint8Array, at: number, value: TradingState): number {
  if (value === 'trading') bytes[at] = 0;
  else if (value === 'limit_only') bytes[at] = 2;
  else if (value === 'post_only') bytes[at] = 4;
  else if (value === 'cancel_only') bytes[at] = 6;
  else if (value === 'auction') bytes[at] = 8;
  else if (value === 'halted') bytes[at] = 10;
  else if (value === 'closed') bytes[at] = 12;
  else if (value === 'delisted') bytes[at] = 14;
  else throw new InvariantBroken(`"${value}" is no TradingState`);
  return at + 1;
}

function writePosting(bytes: Uint8Array, start: number, part: Posting): number {
  let at = start;
  if ((part.account & 63) === part.account) bytes[at++] = part.account << 1;
  else at = writeLong(bytes, at, part.account);
  at = writeLedgerAccount(bytes, at, part.ledgerAccount);
  if ((part.asset & 63) === part.asset) bytes[at++] = part.asset << 1;
  else at = writeInt(bytes, at, part.asset);
  if ((part.amount & 63) === part.amount) bytes[at++] = part.amount << 1;
  else at = writeLong(bytes, at, part.amount);
  return at;
}

function readPosting(): Posting {
  return {
    account: readLong() as AccountId,
    ledgerAccount: enumSymbols.LedgerAccount[readIndex(5, 'enum')] as LedgerAccount,
    asset: readInt() as AssetId,
    amount: readLong() as Amount,
  };
}

function readArray<T>(readItem: () => T): T[] {
  const count = readCount();
  const items: T[] = [];
  for (let index = 0; index < count; index += 1) items.push(readItem());
  if (count > 0) readArrayEnd();
  return items;
}

function writeEnvelope(bytes: Uint8Array, start: number, envelope: Envelope, symbol: number, seq: number): number {
  let at = start;
  if ((envelope.eventId & 63) === envelope.eventId) bytes[at++] = envelope.eventId << 1;
  else at = writeLong(bytes, at, envelope.eventId);
  if ((envelope.causationId & 63) === envelope.causationId) bytes[at++] = envelope.causationId << 1;
  else at = writeLong(bytes, at, envelope.causationId);
  if ((envelope.correlationId & 63) === envelope.correlationId) bytes[at++] = envelope.correlationId << 1;
  else at = writeLong(bytes, at, envelope.correlationId);
  if ((envelope.occurredAt & 63) === envelope.occurredAt) bytes[at++] = envelope.occurredAt << 1;
  else at = writeLong(bytes, at, envelope.occurredAt);
  if ((envelope.eventVersion & 63) === envelope.eventVersion) bytes[at++] = envelope.eventVersion << 1;
  else at = writeInt(bytes, at, envelope.eventVersion);
  if ((symbol & 63) === symbol) bytes[at++] = symbol << 1;
  else at = writeInt(bytes, at, symbol);
  if ((seq & 63) === seq) bytes[at++] = seq << 1;
  else at = writeLong(bytes, at, seq);
  if (envelope.traceparent === null) bytes[at++] = 0;
  else {
    bytes[at++] = 2;
    at = writeString(bytes, at, envelope.traceparent);
  }
  return at;
}

/** Fills the envelope; symbol and seq are left in the two variables below for the record that is being read. */
function readEnvelope(envelope: Envelope): void {
  envelope.eventId = readLong();
  envelope.causationId = readLong();
  envelope.correlationId = readLong();
  envelope.occurredAt = readLong() as Micros;
  envelope.eventVersion = readInt();
  symbolRead = readInt() as SymbolId;
  seqRead = readLong() as Sequence;
  envelope.traceparent = readPresence() ? readString() : null;
}

let symbolRead = 0 as SymbolId;
let seqRead = 0 as Sequence;

function encodeAccepted(envelope: Envelope, record: Accepted, bytes: Uint8Array, start: number): number {
  bytes[start] = 0xc3;
  bytes[start + 1] = 0x01;
  bytes[start + 2] = 0x46;
  bytes[start + 3] = 0x27;
  bytes[start + 4] = 0x25;
  bytes[start + 5] = 0x0a;
  bytes[start + 6] = 0x0b;
  bytes[start + 7] = 0xfb;
  bytes[start + 8] = 0xed;
  bytes[start + 9] = 0x9e;
  let at = writeEnvelope(bytes, start + 10, envelope, record.symbol, record.seq);
  if ((record.account & 63) === record.account) bytes[at++] = record.account << 1;
  else at = writeLong(bytes, at, record.account);
  if ((record.orderId & 63) === record.orderId) bytes[at++] = record.orderId << 1;
  else at = writeLong(bytes, at, record.orderId);
  at = writeSide(bytes, at, record.side);
  at = writeOrderType(bytes, at, record.orderType);
  at = writeTimeInForce(bytes, at, record.timeInForce);
  at = writeBoolean(bytes, at, record.postOnly);
  if ((record.priceTicks & 63) === record.priceTicks) bytes[at++] = record.priceTicks << 1;
  else at = writeLong(bytes, at, record.priceTicks);
  if ((record.quantityLots & 63) === record.quantityLots) bytes[at++] = record.quantityLots << 1;
  else at = writeLong(bytes, at, record.quantityLots);
  if ((record.budget & 63) === record.budget) bytes[at++] = record.budget << 1;
  else at = writeLong(bytes, at, record.budget);
  if ((record.restingLots & 63) === record.restingLots) bytes[at++] = record.restingLots << 1;
  else at = writeLong(bytes, at, record.restingLots);
  if ((record.expiresAt & 63) === record.expiresAt) bytes[at++] = record.expiresAt << 1;
  else at = writeLong(bytes, at, record.expiresAt);
  return at;
}

function decodeAccepted(envelope: Envelope): Accepted {
  readEnvelope(envelope);
  return {
    type: 'accepted',
    symbol: symbolRead,
    seq: seqRead,
    account: readLong() as AccountId,
    orderId: readLong() as OrderId,
    side: enumSymbols.Side[readIndex(2, 'enum')] as Side,
    orderType: enumSymbols.OrderType[readIndex(2, 'enum')] as OrderType,
    timeInForce: enumSymbols.TimeInForce[readIndex(4, 'enum')] as TimeInForce,
    postOnly: readBoolean(),
    priceTicks: readLong() as PriceTicks,
    quantityLots: readLong() as QuantityLots,
    budget: readLong() as Amount,
    restingLots: readLong() as QuantityLots,
    expiresAt: readLong() as Micros,
  };
}

function refillAccepted(envelope: Envelope, record: Writable<Accepted>): void {
  readEnvelope(envelope);
  record.symbol = symbolRead;
  record.seq = seqRead;
  record.account = readLong() as AccountId;
  record.orderId = readLong() as OrderId;
  record.side = enumSymbols.Side[readIndex(2, 'enum')] as Side;
  record.orderType = enumSymbols.OrderType[readIndex(2, 'enum')] as OrderType;
  record.timeInForce = enumSymbols.TimeInForce[readIndex(4, 'enum')] as TimeInForce;
  record.postOnly = readBoolean();
  record.priceTicks = readLong() as PriceTicks;
  record.quantityLots = readLong() as QuantityLots;
  record.budget = readLong() as Amount;
  record.restingLots = readLong() as QuantityLots;
  record.expiresAt = readLong() as Micros;
}

function boundOfAccepted(_record: Accepted): number {
  return 126;
}

function encodeAccountChanged(envelope: Envelope, record: AccountChanged, bytes: Uint8Array, start: number): number {
  bytes[start] = 0xc3;
  bytes[start + 1] = 0x01;
  bytes[start + 2] = 0x45;
  bytes[start + 3] = 0xf3;
  bytes[start + 4] = 0x53;
  bytes[start + 5] = 0x2a;
  bytes[start + 6] = 0xbb;
  bytes[start + 7] = 0x0c;
  bytes[start + 8] = 0x61;
  bytes[start + 9] = 0x9a;
  let at = writeEnvelope(bytes, start + 10, envelope, record.symbol, record.seq);
  if ((record.account & 63) === record.account) bytes[at++] = record.account << 1;
  else at = writeLong(bytes, at, record.account);
  at = writeAccountState(bytes, at, record.state);
  if ((record.tradeGroup & 63) === record.tradeGroup) bytes[at++] = record.tradeGroup << 1;
  else at = writeInt(bytes, at, record.tradeGroup);
  at = writeString(bytes, at, record.reason);
  at = writeString(bytes, at, record.requestedBy);
  return at;
}

function decodeAccountChanged(envelope: Envelope): AccountChanged {
  readEnvelope(envelope);
  return {
    type: 'account_changed',
    symbol: symbolRead,
    seq: seqRead,
    account: readLong() as AccountId,
    state: enumSymbols.AccountState[readIndex(3, 'enum')] as AccountState,
    tradeGroup: readInt(),
    reason: readString(),
    requestedBy: readString(),
  };
}

function refillAccountChanged(envelope: Envelope, record: Writable<AccountChanged>): void {
  readEnvelope(envelope);
  record.symbol = symbolRead;
  record.seq = seqRead;
  record.account = readLong() as AccountId;
  record.state = enumSymbols.AccountState[readIndex(3, 'enum')] as AccountState;
  record.tradeGroup = readInt();
  record.reason = readString();
  record.requestedBy = readString();
}

function boundOfAccountChanged(record: AccountChanged): number {
  return 90 + record.reason.length * 3 + record.requestedBy.length * 3;
}

function encodeAdjust(envelope: Envelope, record: Adjust, bytes: Uint8Array, start: number): number {
  bytes[start] = 0xc3;
  bytes[start + 1] = 0x01;
  bytes[start + 2] = 0xb8;
  bytes[start + 3] = 0x1e;
  bytes[start + 4] = 0xfd;
  bytes[start + 5] = 0xd8;
  bytes[start + 6] = 0x31;
  bytes[start + 7] = 0xf0;
  bytes[start + 8] = 0xf7;
  bytes[start + 9] = 0x48;
  let at = writeEnvelope(bytes, start + 10, envelope, record.symbol, record.seq);
  if ((record.account & 63) === record.account) bytes[at++] = record.account << 1;
  else at = writeLong(bytes, at, record.account);
  if ((record.asset & 63) === record.asset) bytes[at++] = record.asset << 1;
  else at = writeInt(bytes, at, record.asset);
  if ((record.amount & 63) === record.amount) bytes[at++] = record.amount << 1;
  else at = writeLong(bytes, at, record.amount);
  at = writeString(bytes, at, record.adjustmentId);
  at = writeString(bytes, at, record.reason);
  at = writeString(bytes, at, record.requestedBy);
  at = writeString(bytes, at, record.approvedBy);
  return at;
}

function decodeAdjust(envelope: Envelope): Adjust {
  readEnvelope(envelope);
  return {
    type: 'adjust',
    symbol: symbolRead,
    seq: seqRead,
    account: readLong() as AccountId,
    asset: readInt() as AssetId,
    amount: readLong() as Amount,
    adjustmentId: readString(),
    reason: readString(),
    requestedBy: readString(),
    approvedBy: readString(),
  };
}

function refillAdjust(envelope: Envelope, record: Writable<Adjust>): void {
  readEnvelope(envelope);
  record.symbol = symbolRead;
  record.seq = seqRead;
  record.account = readLong() as AccountId;
  record.asset = readInt() as AssetId;
  record.amount = readLong() as Amount;
  record.adjustmentId = readString();
  record.reason = readString();
  record.requestedBy = readString();
  record.approvedBy = readString();
}

function boundOfAdjust(record: Adjust): number {
  return 107 + record.adjustmentId.length * 3 + record.reason.length * 3 + record.requestedBy.length * 3 + record.approvedBy.length * 3;
}

function encodeAdmin(envelope: Envelope, record: Admin, bytes: Uint8Array, start: number): number {
  bytes[start] = 0xc3;
  bytes[start + 1] = 0x01;
  bytes[start + 2] = 0xad;
  bytes[start + 3] = 0x55;
  bytes[start + 4] = 0x49;
  bytes[start + 5] = 0x5d;
  bytes[start + 6] = 0xc8;
  bytes[start + 7] = 0x05;
  bytes[start + 8] = 0xbd;
  bytes[start + 9] = 0x92;
  let at = writeEnvelope(bytes, start + 10, envelope, record.symbol, record.seq);
  if ((record.account & 63) === record.account) bytes[at++] = record.account << 1;
  else at = writeLong(bytes, at, record.account);
  at = writeAdminAction(bytes, at, record.action);
  if (record.marketState === null) bytes[at++] = 0;
  else {
    bytes[at++] = 2;
    at = writeTradingState(bytes, at, record.marketState);
  }
  if (record.accountState === null) bytes[at++] = 0;
  else {
    bytes[at++] = 2;
    at = writeAccountState(bytes, at, record.accountState);
  }
  if ((record.tradeGroup & 63) === record.tradeGroup) bytes[at++] = record.tradeGroup << 1;
  else at = writeInt(bytes, at, record.tradeGroup);
  if ((record.until & 63) === record.until) bytes[at++] = record.until << 1;
  else at = writeLong(bytes, at, record.until);
  at = writeString(bytes, at, record.reason);
  at = writeString(bytes, at, record.requestedBy);
  at = writeString(bytes, at, record.approvedBy);
  return at;
}

function decodeAdmin(envelope: Envelope): Admin {
  readEnvelope(envelope);
  return {
    type: 'admin',
    symbol: symbolRead,
    seq: seqRead,
    account: readLong() as AccountId,
    action: enumSymbols.AdminAction[readIndex(7, 'enum')] as AdminAction,
    marketState: readPresence() ? (enumSymbols.TradingState[readIndex(8, 'enum')] as TradingState) : null,
    accountState: readPresence() ? (enumSymbols.AccountState[readIndex(3, 'enum')] as AccountState) : null,
    tradeGroup: readInt(),
    until: readLong() as Micros,
    reason: readString(),
    requestedBy: readString(),
    approvedBy: readString(),
  };
}

function refillAdmin(envelope: Envelope, record: Writable<Admin>): void {
  readEnvelope(envelope);
  record.symbol = symbolRead;
  record.seq = seqRead;
  record.account = readLong() as AccountId;
  record.action = enumSymbols.AdminAction[readIndex(7, 'enum')] as AdminAction;
  record.marketState = readPresence() ? (enumSymbols.TradingState[readIndex(8, 'enum')] as TradingState) : null;
  record.accountState = readPresence() ? (enumSymbols.AccountState[readIndex(3, 'enum')] as AccountState) : null;
  record.tradeGroup = readInt();
  record.until = readLong() as Micros;
  record.reason = readString();
  record.requestedBy = readString();
  record.approvedBy = readString();
}

function boundOfAdmin(record: Admin): number {
  return 107 + record.reason.length * 3 + record.requestedBy.length * 3 + record.approvedBy.length * 3;
}

function encodeAdmissionConfig(envelope: Envelope, record: AdmissionConfig, bytes: Uint8Array, start: number): number {
  bytes[start] = 0xc3;
  bytes[start + 1] = 0x01;
  bytes[start + 2] = 0x42;
  bytes[start + 3] = 0x6a;
  bytes[start + 4] = 0x8b;
  bytes[start + 5] = 0xe8;
  bytes[start + 6] = 0x40;
  bytes[start + 7] = 0x16;
  bytes[start + 8] = 0x71;
  bytes[start + 9] = 0x99;
  let at = writeEnvelope(bytes, start + 10, envelope, record.symbol, record.seq);
  if ((record.expiryMicros & 63) === record.expiryMicros) bytes[at++] = record.expiryMicros << 1;
  else at = writeLong(bytes, at, record.expiryMicros);
  if ((record.remembered & 63) === record.remembered) bytes[at++] = record.remembered << 1;
  else at = writeInt(bytes, at, record.remembered);
  if ((record.clockAheadMicros & 63) === record.clockAheadMicros) bytes[at++] = record.clockAheadMicros << 1;
  else at = writeLong(bytes, at, record.clockAheadMicros);
  if ((record.version & 63) === record.version) bytes[at++] = record.version << 1;
  else at = writeInt(bytes, at, record.version);
  return at;
}

function decodeAdmissionConfig(envelope: Envelope): AdmissionConfig {
  readEnvelope(envelope);
  return {
    type: 'admission_config',
    symbol: symbolRead,
    seq: seqRead,
    expiryMicros: readLong() as Micros,
    remembered: readInt(),
    clockAheadMicros: readLong() as Micros,
    version: readInt(),
  };
}

function refillAdmissionConfig(envelope: Envelope, record: Writable<AdmissionConfig>): void {
  readEnvelope(envelope);
  record.symbol = symbolRead;
  record.seq = seqRead;
  record.expiryMicros = readLong() as Micros;
  record.remembered = readInt();
  record.clockAheadMicros = readLong() as Micros;
  record.version = readInt();
}

function boundOfAdmissionConfig(_record: AdmissionConfig): number {
  return 92;
}

function encodeAdmittedAmend(envelope: Envelope, record: AdmittedAmend, bytes: Uint8Array, start: number): number {
  bytes[start] = 0xc3;
  bytes[start + 1] = 0x01;
  bytes[start + 2] = 0xc4;
  bytes[start + 3] = 0xab;
  bytes[start + 4] = 0x2f;
  bytes[start + 5] = 0xbe;
  bytes[start + 6] = 0x35;
  bytes[start + 7] = 0xc6;
  bytes[start + 8] = 0xc1;
  bytes[start + 9] = 0x9c;
  let at = writeEnvelope(bytes, start + 10, envelope, record.symbol, record.seq);
  if ((record.account & 63) === record.account) bytes[at++] = record.account << 1;
  else at = writeLong(bytes, at, record.account);
  if ((record.orderId & 63) === record.orderId) bytes[at++] = record.orderId << 1;
  else at = writeLong(bytes, at, record.orderId);
  if ((record.requestId & 63) === record.requestId) bytes[at++] = record.requestId << 1;
  else at = writeLong(bytes, at, record.requestId);
  if ((record.priceTicks & 63) === record.priceTicks) bytes[at++] = record.priceTicks << 1;
  else at = writeLong(bytes, at, record.priceTicks);
  if ((record.quantityLots & 63) === record.quantityLots) bytes[at++] = record.quantityLots << 1;
  else at = writeLong(bytes, at, record.quantityLots);
  return at;
}

function decodeAdmittedAmend(envelope: Envelope): AdmittedAmend {
  readEnvelope(envelope);
  return {
    type: 'admitted_amend',
    symbol: symbolRead,
    seq: seqRead,
    account: readLong() as AccountId,
    orderId: readLong() as OrderId,
    requestId: readLong(),
    priceTicks: readLong() as PriceTicks,
    quantityLots: readLong() as QuantityLots,
  };
}

function refillAdmittedAmend(envelope: Envelope, record: Writable<AdmittedAmend>): void {
  readEnvelope(envelope);
  record.symbol = symbolRead;
  record.seq = seqRead;
  record.account = readLong() as AccountId;
  record.orderId = readLong() as OrderId;
  record.requestId = readLong();
  record.priceTicks = readLong() as PriceTicks;
  record.quantityLots = readLong() as QuantityLots;
}

function boundOfAdmittedAmend(_record: AdmittedAmend): number {
  return 106;
}

function encodeAdmittedCancel(envelope: Envelope, record: AdmittedCancel, bytes: Uint8Array, start: number): number {
  bytes[start] = 0xc3;
  bytes[start + 1] = 0x01;
  bytes[start + 2] = 0x42;
  bytes[start + 3] = 0xff;
  bytes[start + 4] = 0x00;
  bytes[start + 5] = 0x9e;
  bytes[start + 6] = 0xae;
  bytes[start + 7] = 0x0b;
  bytes[start + 8] = 0xc0;
  bytes[start + 9] = 0xe9;
  let at = writeEnvelope(bytes, start + 10, envelope, record.symbol, record.seq);
  if ((record.account & 63) === record.account) bytes[at++] = record.account << 1;
  else at = writeLong(bytes, at, record.account);
  if ((record.orderId & 63) === record.orderId) bytes[at++] = record.orderId << 1;
  else at = writeLong(bytes, at, record.orderId);
  if ((record.requestId & 63) === record.requestId) bytes[at++] = record.requestId << 1;
  else at = writeLong(bytes, at, record.requestId);
  at = writeCancelReason(bytes, at, record.reason);
  return at;
}

function decodeAdmittedCancel(envelope: Envelope): AdmittedCancel {
  readEnvelope(envelope);
  return {
    type: 'admitted_cancel',
    symbol: symbolRead,
    seq: seqRead,
    account: readLong() as AccountId,
    orderId: readLong() as OrderId,
    requestId: readLong(),
    reason: enumSymbols.CancelReason[readIndex(16, 'enum')] as CancelReason,
  };
}

function refillAdmittedCancel(envelope: Envelope, record: Writable<AdmittedCancel>): void {
  readEnvelope(envelope);
  record.symbol = symbolRead;
  record.seq = seqRead;
  record.account = readLong() as AccountId;
  record.orderId = readLong() as OrderId;
  record.requestId = readLong();
  record.reason = enumSymbols.CancelReason[readIndex(16, 'enum')] as CancelReason;
}

function boundOfAdmittedCancel(_record: AdmittedCancel): number {
  return 91;
}

function encodeAdmittedCancelAll(envelope: Envelope, record: AdmittedCancelAll, bytes: Uint8Array, start: number): number {
  bytes[start] = 0xc3;
  bytes[start + 1] = 0x01;
  bytes[start + 2] = 0x44;
  bytes[start + 3] = 0x45;
  bytes[start + 4] = 0xb0;
  bytes[start + 5] = 0x35;
  bytes[start + 6] = 0x7a;
  bytes[start + 7] = 0x47;
  bytes[start + 8] = 0xa8;
  bytes[start + 9] = 0x36;
  let at = writeEnvelope(bytes, start + 10, envelope, record.symbol, record.seq);
  if ((record.account & 63) === record.account) bytes[at++] = record.account << 1;
  else at = writeLong(bytes, at, record.account);
  if ((record.requestId & 63) === record.requestId) bytes[at++] = record.requestId << 1;
  else at = writeLong(bytes, at, record.requestId);
  at = writeCancelReason(bytes, at, record.reason);
  return at;
}

function decodeAdmittedCancelAll(envelope: Envelope): AdmittedCancelAll {
  readEnvelope(envelope);
  return {
    type: 'admitted_cancel_all',
    symbol: symbolRead,
    seq: seqRead,
    account: readLong() as AccountId,
    requestId: readLong(),
    reason: enumSymbols.CancelReason[readIndex(16, 'enum')] as CancelReason,
  };
}

function refillAdmittedCancelAll(envelope: Envelope, record: Writable<AdmittedCancelAll>): void {
  readEnvelope(envelope);
  record.symbol = symbolRead;
  record.seq = seqRead;
  record.account = readLong() as AccountId;
  record.requestId = readLong();
  record.reason = enumSymbols.CancelReason[readIndex(16, 'enum')] as CancelReason;
}

function boundOfAdmittedCancelAll(_record: AdmittedCancelAll): number {
  return 83;
}

function encodeAdmittedPlace(envelope: Envelope, record: AdmittedPlace, bytes: Uint8Array, start: number): number {
  bytes[start] = 0xc3;
  bytes[start + 1] = 0x01;
  bytes[start + 2] = 0x68;
  bytes[start + 3] = 0xf9;
  bytes[start + 4] = 0x44;
  bytes[start + 5] = 0xbb;
  bytes[start + 6] = 0xfa;
  bytes[start + 7] = 0x50;
  bytes[start + 8] = 0x18;
  bytes[start + 9] = 0x0c;
  let at = writeEnvelope(bytes, start + 10, envelope, record.symbol, record.seq);
  if ((record.account & 63) === record.account) bytes[at++] = record.account << 1;
  else at = writeLong(bytes, at, record.account);
  if ((record.orderId & 63) === record.orderId) bytes[at++] = record.orderId << 1;
  else at = writeLong(bytes, at, record.orderId);
  at = writeSide(bytes, at, record.side);
  at = writeOrderType(bytes, at, record.orderType);
  at = writeTimeInForce(bytes, at, record.timeInForce);
  at = writeBoolean(bytes, at, record.postOnly);
  if ((record.priceTicks & 63) === record.priceTicks) bytes[at++] = record.priceTicks << 1;
  else at = writeLong(bytes, at, record.priceTicks);
  if ((record.quantityLots & 63) === record.quantityLots) bytes[at++] = record.quantityLots << 1;
  else at = writeLong(bytes, at, record.quantityLots);
  if ((record.budget & 63) === record.budget) bytes[at++] = record.budget << 1;
  else at = writeLong(bytes, at, record.budget);
  at = writeSelfTradeMode(bytes, at, record.selfTradeMode);
  if ((record.tradeGroup & 63) === record.tradeGroup) bytes[at++] = record.tradeGroup << 1;
  else at = writeInt(bytes, at, record.tradeGroup);
  if ((record.expiresAt & 63) === record.expiresAt) bytes[at++] = record.expiresAt << 1;
  else at = writeLong(bytes, at, record.expiresAt);
  if ((record.feeVersion & 63) === record.feeVersion) bytes[at++] = record.feeVersion << 1;
  else at = writeInt(bytes, at, record.feeVersion);
  return at;
}

function decodeAdmittedPlace(envelope: Envelope): AdmittedPlace {
  readEnvelope(envelope);
  return {
    type: 'admitted_place',
    symbol: symbolRead,
    seq: seqRead,
    account: readLong() as AccountId,
    orderId: readLong() as OrderId,
    side: enumSymbols.Side[readIndex(2, 'enum')] as Side,
    orderType: enumSymbols.OrderType[readIndex(2, 'enum')] as OrderType,
    timeInForce: enumSymbols.TimeInForce[readIndex(4, 'enum')] as TimeInForce,
    postOnly: readBoolean(),
    priceTicks: readLong() as PriceTicks,
    quantityLots: readLong() as QuantityLots,
    budget: readLong() as Amount,
    selfTradeMode: enumSymbols.SelfTradeMode[readIndex(5, 'enum')] as SelfTradeMode,
    tradeGroup: readInt(),
    expiresAt: readLong() as Micros,
    feeVersion: readInt(),
  };
}

function refillAdmittedPlace(envelope: Envelope, record: Writable<AdmittedPlace>): void {
  readEnvelope(envelope);
  record.symbol = symbolRead;
  record.seq = seqRead;
  record.account = readLong() as AccountId;
  record.orderId = readLong() as OrderId;
  record.side = enumSymbols.Side[readIndex(2, 'enum')] as Side;
  record.orderType = enumSymbols.OrderType[readIndex(2, 'enum')] as OrderType;
  record.timeInForce = enumSymbols.TimeInForce[readIndex(4, 'enum')] as TimeInForce;
  record.postOnly = readBoolean();
  record.priceTicks = readLong() as PriceTicks;
  record.quantityLots = readLong() as QuantityLots;
  record.budget = readLong() as Amount;
  record.selfTradeMode = enumSymbols.SelfTradeMode[readIndex(5, 'enum')] as SelfTradeMode;
  record.tradeGroup = readInt();
  record.expiresAt = readLong() as Micros;
  record.feeVersion = readInt();
}

function boundOfAdmittedPlace(_record: AdmittedPlace): number {
  return 129;
}

function encodeAmend(envelope: Envelope, record: Amend, bytes: Uint8Array, start: number): number {
  bytes[start] = 0xc3;
  bytes[start + 1] = 0x01;
  bytes[start + 2] = 0xcc;
  bytes[start + 3] = 0x14;
  bytes[start + 4] = 0x2f;
  bytes[start + 5] = 0x30;
  bytes[start + 6] = 0x26;
  bytes[start + 7] = 0x38;
  bytes[start + 8] = 0xd1;
  bytes[start + 9] = 0xa6;
  let at = writeEnvelope(bytes, start + 10, envelope, record.symbol, record.seq);
  if ((record.account & 63) === record.account) bytes[at++] = record.account << 1;
  else at = writeLong(bytes, at, record.account);
  if ((record.orderId & 63) === record.orderId) bytes[at++] = record.orderId << 1;
  else at = writeLong(bytes, at, record.orderId);
  at = writeString(bytes, at, record.clientOrderId);
  if ((record.priceTicks & 63) === record.priceTicks) bytes[at++] = record.priceTicks << 1;
  else at = writeLong(bytes, at, record.priceTicks);
  if ((record.quantityLots & 63) === record.quantityLots) bytes[at++] = record.quantityLots << 1;
  else at = writeLong(bytes, at, record.quantityLots);
  if ((record.validUntil & 63) === record.validUntil) bytes[at++] = record.validUntil << 1;
  else at = writeLong(bytes, at, record.validUntil);
  return at;
}

function decodeAmend(envelope: Envelope): Amend {
  readEnvelope(envelope);
  return {
    type: 'amend',
    symbol: symbolRead,
    seq: seqRead,
    account: readLong() as AccountId,
    orderId: readLong() as OrderId,
    clientOrderId: readString(),
    priceTicks: readLong() as PriceTicks,
    quantityLots: readLong() as QuantityLots,
    validUntil: readLong() as Micros,
  };
}

function refillAmend(envelope: Envelope, record: Writable<Amend>): void {
  readEnvelope(envelope);
  record.symbol = symbolRead;
  record.seq = seqRead;
  record.account = readLong() as AccountId;
  record.orderId = readLong() as OrderId;
  record.clientOrderId = readString();
  record.priceTicks = readLong() as PriceTicks;
  record.quantityLots = readLong() as QuantityLots;
  record.validUntil = readLong() as Micros;
}

function boundOfAmend(record: Amend): number {
  return 111 + record.clientOrderId.length * 3;
}

function encodeAmended(envelope: Envelope, record: Amended, bytes: Uint8Array, start: number): number {
  bytes[start] = 0xc3;
  bytes[start + 1] = 0x01;
  bytes[start + 2] = 0x45;
  bytes[start + 3] = 0x0d;
  bytes[start + 4] = 0xe4;
  bytes[start + 5] = 0xda;
  bytes[start + 6] = 0x8b;
  bytes[start + 7] = 0x4e;
  bytes[start + 8] = 0x30;
  bytes[start + 9] = 0x32;
  let at = writeEnvelope(bytes, start + 10, envelope, record.symbol, record.seq);
  if ((record.account & 63) === record.account) bytes[at++] = record.account << 1;
  else at = writeLong(bytes, at, record.account);
  if ((record.orderId & 63) === record.orderId) bytes[at++] = record.orderId << 1;
  else at = writeLong(bytes, at, record.orderId);
  at = writeSide(bytes, at, record.side);
  if ((record.oldPriceTicks & 63) === record.oldPriceTicks) bytes[at++] = record.oldPriceTicks << 1;
  else at = writeLong(bytes, at, record.oldPriceTicks);
  if ((record.oldOpenLots & 63) === record.oldOpenLots) bytes[at++] = record.oldOpenLots << 1;
  else at = writeLong(bytes, at, record.oldOpenLots);
  if ((record.priceTicks & 63) === record.priceTicks) bytes[at++] = record.priceTicks << 1;
  else at = writeLong(bytes, at, record.priceTicks);
  if ((record.quantityLots & 63) === record.quantityLots) bytes[at++] = record.quantityLots << 1;
  else at = writeLong(bytes, at, record.quantityLots);
  if ((record.openLots & 63) === record.openLots) bytes[at++] = record.openLots << 1;
  else at = writeLong(bytes, at, record.openLots);
  at = writeBoolean(bytes, at, record.keptPriority);
  return at;
}

function decodeAmended(envelope: Envelope): Amended {
  readEnvelope(envelope);
  return {
    type: 'amended',
    symbol: symbolRead,
    seq: seqRead,
    account: readLong() as AccountId,
    orderId: readLong() as OrderId,
    side: enumSymbols.Side[readIndex(2, 'enum')] as Side,
    oldPriceTicks: readLong() as PriceTicks,
    oldOpenLots: readLong() as QuantityLots,
    priceTicks: readLong() as PriceTicks,
    quantityLots: readLong() as QuantityLots,
    openLots: readLong() as QuantityLots,
    keptPriority: readBoolean(),
  };
}

function refillAmended(envelope: Envelope, record: Writable<Amended>): void {
  readEnvelope(envelope);
  record.symbol = symbolRead;
  record.seq = seqRead;
  record.account = readLong() as AccountId;
  record.orderId = readLong() as OrderId;
  record.side = enumSymbols.Side[readIndex(2, 'enum')] as Side;
  record.oldPriceTicks = readLong() as PriceTicks;
  record.oldOpenLots = readLong() as QuantityLots;
  record.priceTicks = readLong() as PriceTicks;
  record.quantityLots = readLong() as QuantityLots;
  record.openLots = readLong() as QuantityLots;
  record.keptPriority = readBoolean();
}

function boundOfAmended(_record: Amended): number {
  return 124;
}

function encodeAssetConfig(envelope: Envelope, record: AssetConfig, bytes: Uint8Array, start: number): number {
  bytes[start] = 0xc3;
  bytes[start + 1] = 0x01;
  bytes[start + 2] = 0xda;
  bytes[start + 3] = 0x38;
  bytes[start + 4] = 0x73;
  bytes[start + 5] = 0x9d;
  bytes[start + 6] = 0xad;
  bytes[start + 7] = 0x8e;
  bytes[start + 8] = 0xc8;
  bytes[start + 9] = 0x03;
  let at = writeEnvelope(bytes, start + 10, envelope, record.symbol, record.seq);
  if ((record.asset & 63) === record.asset) bytes[at++] = record.asset << 1;
  else at = writeInt(bytes, at, record.asset);
  at = writeString(bytes, at, record.name);
  if ((record.decimals & 63) === record.decimals) bytes[at++] = record.decimals << 1;
  else at = writeInt(bytes, at, record.decimals);
  if ((record.showDecimals & 63) === record.showDecimals) bytes[at++] = record.showDecimals << 1;
  else at = writeInt(bytes, at, record.showDecimals);
  if ((record.paperAmount & 63) === record.paperAmount) bytes[at++] = record.paperAmount << 1;
  else at = writeLong(bytes, at, record.paperAmount);
  return at;
}

function decodeAssetConfig(envelope: Envelope): AssetConfig {
  readEnvelope(envelope);
  return {
    type: 'asset_config',
    symbol: symbolRead,
    seq: seqRead,
    asset: readInt() as AssetId,
    name: readString(),
    decimals: readInt(),
    showDecimals: readInt(),
    paperAmount: readLong() as Amount,
  };
}

function refillAssetConfig(envelope: Envelope, record: Writable<AssetConfig>): void {
  readEnvelope(envelope);
  record.symbol = symbolRead;
  record.seq = seqRead;
  record.asset = readInt() as AssetId;
  record.name = readString();
  record.decimals = readInt();
  record.showDecimals = readInt();
  record.paperAmount = readLong() as Amount;
}

function boundOfAssetConfig(record: AssetConfig): number {
  return 94 + record.name.length * 3;
}

function encodeAuctionIndicative(envelope: Envelope, record: AuctionIndicative, bytes: Uint8Array, start: number): number {
  bytes[start] = 0xc3;
  bytes[start + 1] = 0x01;
  bytes[start + 2] = 0x21;
  bytes[start + 3] = 0x74;
  bytes[start + 4] = 0x26;
  bytes[start + 5] = 0x5d;
  bytes[start + 6] = 0x06;
  bytes[start + 7] = 0xa5;
  bytes[start + 8] = 0x5d;
  bytes[start + 9] = 0xf4;
  let at = writeEnvelope(bytes, start + 10, envelope, record.symbol, record.seq);
  if ((record.priceTicks & 63) === record.priceTicks) bytes[at++] = record.priceTicks << 1;
  else at = writeLong(bytes, at, record.priceTicks);
  if ((record.matchedLots & 63) === record.matchedLots) bytes[at++] = record.matchedLots << 1;
  else at = writeLong(bytes, at, record.matchedLots);
  if ((record.surplusLots & 63) === record.surplusLots) bytes[at++] = record.surplusLots << 1;
  else at = writeLong(bytes, at, record.surplusLots);
  return at;
}

function decodeAuctionIndicative(envelope: Envelope): AuctionIndicative {
  readEnvelope(envelope);
  return {
    type: 'auction_indicative',
    symbol: symbolRead,
    seq: seqRead,
    priceTicks: readLong() as PriceTicks,
    matchedLots: readLong() as QuantityLots,
    surplusLots: readLong() as QuantityLots,
  };
}

function refillAuctionIndicative(envelope: Envelope, record: Writable<AuctionIndicative>): void {
  readEnvelope(envelope);
  record.symbol = symbolRead;
  record.seq = seqRead;
  record.priceTicks = readLong() as PriceTicks;
  record.matchedLots = readLong() as QuantityLots;
  record.surplusLots = readLong() as QuantityLots;
}

function boundOfAuctionIndicative(_record: AuctionIndicative): number {
  return 90;
}

function encodeBalanceChange(envelope: Envelope, record: BalanceChange, bytes: Uint8Array, start: number): number {
  bytes[start] = 0xc3;
  bytes[start + 1] = 0x01;
  bytes[start + 2] = 0xcf;
  bytes[start + 3] = 0xf0;
  bytes[start + 4] = 0xc3;
  bytes[start + 5] = 0x17;
  bytes[start + 6] = 0x92;
  bytes[start + 7] = 0xa6;
  bytes[start + 8] = 0x47;
  bytes[start + 9] = 0xd3;
  let at = writeEnvelope(bytes, start + 10, envelope, record.symbol, record.seq);
  if ((record.account & 63) === record.account) bytes[at++] = record.account << 1;
  else at = writeLong(bytes, at, record.account);
  if ((record.asset & 63) === record.asset) bytes[at++] = record.asset << 1;
  else at = writeInt(bytes, at, record.asset);
  if ((record.amount & 63) === record.amount) bytes[at++] = record.amount << 1;
  else at = writeLong(bytes, at, record.amount);
  at = writeBalanceChangeKind(bytes, at, record.kind);
  at = writeString(bytes, at, record.reference);
  at = writeString(bytes, at, record.reason);
  at = writeString(bytes, at, record.requestedBy);
  at = writeString(bytes, at, record.approvedBy);
  return at;
}

function decodeBalanceChange(envelope: Envelope): BalanceChange {
  readEnvelope(envelope);
  return {
    type: 'balance_change',
    symbol: symbolRead,
    seq: seqRead,
    account: readLong() as AccountId,
    asset: readInt() as AssetId,
    amount: readLong() as Amount,
    kind: enumSymbols.BalanceChangeKind[readIndex(3, 'enum')] as BalanceChangeKind,
    reference: readString(),
    reason: readString(),
    requestedBy: readString(),
    approvedBy: readString(),
  };
}

function refillBalanceChange(envelope: Envelope, record: Writable<BalanceChange>): void {
  readEnvelope(envelope);
  record.symbol = symbolRead;
  record.seq = seqRead;
  record.account = readLong() as AccountId;
  record.asset = readInt() as AssetId;
  record.amount = readLong() as Amount;
  record.kind = enumSymbols.BalanceChangeKind[readIndex(3, 'enum')] as BalanceChangeKind;
  record.reference = readString();
  record.reason = readString();
  record.requestedBy = readString();
  record.approvedBy = readString();
}

function boundOfBalanceChange(record: BalanceChange): number {
  return 108 + record.reference.length * 3 + record.reason.length * 3 + record.requestedBy.length * 3 + record.approvedBy.length * 3;
}

function encodeBookDelta(envelope: Envelope, record: BookDelta, bytes: Uint8Array, start: number): number {
  bytes[start] = 0xc3;
  bytes[start + 1] = 0x01;
  bytes[start + 2] = 0xda;
  bytes[start + 3] = 0x13;
  bytes[start + 4] = 0x1d;
  bytes[start + 5] = 0x54;
  bytes[start + 6] = 0xb4;
  bytes[start + 7] = 0x42;
  bytes[start + 8] = 0x9d;
  bytes[start + 9] = 0xbc;
  let at = writeEnvelope(bytes, start + 10, envelope, record.symbol, record.seq);
  if ((record.prevSeq & 63) === record.prevSeq) bytes[at++] = record.prevSeq << 1;
  else at = writeLong(bytes, at, record.prevSeq);
  if (record.bidPriceTicks.length > 0) {
    at = writeLong(bytes, at, record.bidPriceTicks.length);
    for (const item of record.bidPriceTicks) {
      if ((item & 63) === item) bytes[at++] = item << 1;
      else at = writeLong(bytes, at, item);
    }
  }
  bytes[at++] = 0;
  if (record.bidLots.length > 0) {
    at = writeLong(bytes, at, record.bidLots.length);
    for (const item of record.bidLots) {
      if ((item & 63) === item) bytes[at++] = item << 1;
      else at = writeLong(bytes, at, item);
    }
  }
  bytes[at++] = 0;
  if (record.askPriceTicks.length > 0) {
    at = writeLong(bytes, at, record.askPriceTicks.length);
    for (const item of record.askPriceTicks) {
      if ((item & 63) === item) bytes[at++] = item << 1;
      else at = writeLong(bytes, at, item);
    }
  }
  bytes[at++] = 0;
  if (record.askLots.length > 0) {
    at = writeLong(bytes, at, record.askLots.length);
    for (const item of record.askLots) {
      if ((item & 63) === item) bytes[at++] = item << 1;
      else at = writeLong(bytes, at, item);
    }
  }
  bytes[at++] = 0;
  if ((record.checksum & 63) === record.checksum) bytes[at++] = record.checksum << 1;
  else at = writeLong(bytes, at, record.checksum);
  return at;
}

function decodeBookDelta(envelope: Envelope): BookDelta {
  readEnvelope(envelope);
  return {
    type: 'book_delta',
    symbol: symbolRead,
    seq: seqRead,
    prevSeq: readLong(),
    bidPriceTicks: readArray(() => readLong() as PriceTicks),
    bidLots: readArray(() => readLong() as QuantityLots),
    askPriceTicks: readArray(() => readLong() as PriceTicks),
    askLots: readArray(() => readLong() as QuantityLots),
    checksum: readLong(),
  };
}

function refillBookDelta(envelope: Envelope, record: Writable<BookDelta>): void {
  readEnvelope(envelope);
  record.symbol = symbolRead;
  record.seq = seqRead;
  record.prevSeq = readLong();
  record.bidPriceTicks = readArray(() => readLong() as PriceTicks);
  record.bidLots = readArray(() => readLong() as QuantityLots);
  record.askPriceTicks = readArray(() => readLong() as PriceTicks);
  record.askLots = readArray(() => readLong() as QuantityLots);
  record.checksum = readLong();
}

function boundOfBookDelta(record: BookDelta): number {
  return 106 + record.bidPriceTicks.length * 8 + record.bidLots.length * 8 + record.askPriceTicks.length * 8 + record.askLots.length * 8;
}

function encodeCancel(envelope: Envelope, record: Cancel, bytes: Uint8Array, start: number): number {
  bytes[start] = 0xc3;
  bytes[start + 1] = 0x01;
  bytes[start + 2] = 0x41;
  bytes[start + 3] = 0xbc;
  bytes[start + 4] = 0xdc;
  bytes[start + 5] = 0x88;
  bytes[start + 6] = 0x06;
  bytes[start + 7] = 0x66;
  bytes[start + 8] = 0x06;
  bytes[start + 9] = 0xf4;
  let at = writeEnvelope(bytes, start + 10, envelope, record.symbol, record.seq);
  if ((record.account & 63) === record.account) bytes[at++] = record.account << 1;
  else at = writeLong(bytes, at, record.account);
  if ((record.orderId & 63) === record.orderId) bytes[at++] = record.orderId << 1;
  else at = writeLong(bytes, at, record.orderId);
  at = writeString(bytes, at, record.clientOrderId);
  if ((record.validUntil & 63) === record.validUntil) bytes[at++] = record.validUntil << 1;
  else at = writeLong(bytes, at, record.validUntil);
  return at;
}

function decodeCancel(envelope: Envelope): Cancel {
  readEnvelope(envelope);
  return {
    type: 'cancel',
    symbol: symbolRead,
    seq: seqRead,
    account: readLong() as AccountId,
    orderId: readLong() as OrderId,
    clientOrderId: readString(),
    validUntil: readLong() as Micros,
  };
}

function refillCancel(envelope: Envelope, record: Writable<Cancel>): void {
  readEnvelope(envelope);
  record.symbol = symbolRead;
  record.seq = seqRead;
  record.account = readLong() as AccountId;
  record.orderId = readLong() as OrderId;
  record.clientOrderId = readString();
  record.validUntil = readLong() as Micros;
}

function boundOfCancel(record: Cancel): number {
  return 95 + record.clientOrderId.length * 3;
}

function encodeCancelAll(envelope: Envelope, record: CancelAll, bytes: Uint8Array, start: number): number {
  bytes[start] = 0xc3;
  bytes[start + 1] = 0x01;
  bytes[start + 2] = 0x57;
  bytes[start + 3] = 0xa2;
  bytes[start + 4] = 0x5e;
  bytes[start + 5] = 0x8d;
  bytes[start + 6] = 0x8f;
  bytes[start + 7] = 0xa1;
  bytes[start + 8] = 0x24;
  bytes[start + 9] = 0xde;
  let at = writeEnvelope(bytes, start + 10, envelope, record.symbol, record.seq);
  if ((record.account & 63) === record.account) bytes[at++] = record.account << 1;
  else at = writeLong(bytes, at, record.account);
  at = writeCancelReason(bytes, at, record.reason);
  if ((record.validUntil & 63) === record.validUntil) bytes[at++] = record.validUntil << 1;
  else at = writeLong(bytes, at, record.validUntil);
  return at;
}

function decodeCancelAll(envelope: Envelope): CancelAll {
  readEnvelope(envelope);
  return {
    type: 'cancel_all',
    symbol: symbolRead,
    seq: seqRead,
    account: readLong() as AccountId,
    reason: enumSymbols.CancelReason[readIndex(16, 'enum')] as CancelReason,
    validUntil: readLong() as Micros,
  };
}

function refillCancelAll(envelope: Envelope, record: Writable<CancelAll>): void {
  readEnvelope(envelope);
  record.symbol = symbolRead;
  record.seq = seqRead;
  record.account = readLong() as AccountId;
  record.reason = enumSymbols.CancelReason[readIndex(16, 'enum')] as CancelReason;
  record.validUntil = readLong() as Micros;
}

function boundOfCancelAll(_record: CancelAll): number {
  return 83;
}

function encodeCancelAllDone(envelope: Envelope, record: CancelAllDone, bytes: Uint8Array, start: number): number {
  bytes[start] = 0xc3;
  bytes[start + 1] = 0x01;
  bytes[start + 2] = 0xf8;
  bytes[start + 3] = 0x95;
  bytes[start + 4] = 0xf0;
  bytes[start + 5] = 0xe0;
  bytes[start + 6] = 0xfa;
  bytes[start + 7] = 0xfe;
  bytes[start + 8] = 0x86;
  bytes[start + 9] = 0x52;
  let at = writeEnvelope(bytes, start + 10, envelope, record.symbol, record.seq);
  if ((record.account & 63) === record.account) bytes[at++] = record.account << 1;
  else at = writeLong(bytes, at, record.account);
  if ((record.orders & 63) === record.orders) bytes[at++] = record.orders << 1;
  else at = writeLong(bytes, at, record.orders);
  at = writeCancelReason(bytes, at, record.reason);
  return at;
}

function decodeCancelAllDone(envelope: Envelope): CancelAllDone {
  readEnvelope(envelope);
  return {
    type: 'cancel_all_done',
    symbol: symbolRead,
    seq: seqRead,
    account: readLong() as AccountId,
    orders: readLong(),
    reason: enumSymbols.CancelReason[readIndex(16, 'enum')] as CancelReason,
  };
}

function refillCancelAllDone(envelope: Envelope, record: Writable<CancelAllDone>): void {
  readEnvelope(envelope);
  record.symbol = symbolRead;
  record.seq = seqRead;
  record.account = readLong() as AccountId;
  record.orders = readLong();
  record.reason = enumSymbols.CancelReason[readIndex(16, 'enum')] as CancelReason;
}

function boundOfCancelAllDone(_record: CancelAllDone): number {
  return 83;
}

function encodeCancelAllTaken(envelope: Envelope, record: CancelAllTaken, bytes: Uint8Array, start: number): number {
  bytes[start] = 0xc3;
  bytes[start + 1] = 0x01;
  bytes[start + 2] = 0xab;
  bytes[start + 3] = 0x43;
  bytes[start + 4] = 0x8d;
  bytes[start + 5] = 0xc8;
  bytes[start + 6] = 0xdc;
  bytes[start + 7] = 0xb6;
  bytes[start + 8] = 0x9c;
  bytes[start + 9] = 0x5b;
  let at = writeEnvelope(bytes, start + 10, envelope, record.symbol, record.seq);
  if ((record.account & 63) === record.account) bytes[at++] = record.account << 1;
  else at = writeLong(bytes, at, record.account);
  if ((record.symbols & 63) === record.symbols) bytes[at++] = record.symbols << 1;
  else at = writeInt(bytes, at, record.symbols);
  at = writeCancelReason(bytes, at, record.reason);
  return at;
}

function decodeCancelAllTaken(envelope: Envelope): CancelAllTaken {
  readEnvelope(envelope);
  return {
    type: 'cancel_all_taken',
    symbol: symbolRead,
    seq: seqRead,
    account: readLong() as AccountId,
    symbols: readInt(),
    reason: enumSymbols.CancelReason[readIndex(16, 'enum')] as CancelReason,
  };
}

function refillCancelAllTaken(envelope: Envelope, record: Writable<CancelAllTaken>): void {
  readEnvelope(envelope);
  record.symbol = symbolRead;
  record.seq = seqRead;
  record.account = readLong() as AccountId;
  record.symbols = readInt();
  record.reason = enumSymbols.CancelReason[readIndex(16, 'enum')] as CancelReason;
}

function boundOfCancelAllTaken(_record: CancelAllTaken): number {
  return 80;
}

function encodeCancelled(envelope: Envelope, record: Cancelled, bytes: Uint8Array, start: number): number {
  bytes[start] = 0xc3;
  bytes[start + 1] = 0x01;
  bytes[start + 2] = 0x31;
  bytes[start + 3] = 0x97;
  bytes[start + 4] = 0xac;
  bytes[start + 5] = 0x14;
  bytes[start + 6] = 0x35;
  bytes[start + 7] = 0x85;
  bytes[start + 8] = 0x15;
  bytes[start + 9] = 0x98;
  let at = writeEnvelope(bytes, start + 10, envelope, record.symbol, record.seq);
  if ((record.account & 63) === record.account) bytes[at++] = record.account << 1;
  else at = writeLong(bytes, at, record.account);
  if ((record.orderId & 63) === record.orderId) bytes[at++] = record.orderId << 1;
  else at = writeLong(bytes, at, record.orderId);
  at = writeSide(bytes, at, record.side);
  if ((record.priceTicks & 63) === record.priceTicks) bytes[at++] = record.priceTicks << 1;
  else at = writeLong(bytes, at, record.priceTicks);
  if ((record.cancelledLots & 63) === record.cancelledLots) bytes[at++] = record.cancelledLots << 1;
  else at = writeLong(bytes, at, record.cancelledLots);
  if ((record.executedLots & 63) === record.executedLots) bytes[at++] = record.executedLots << 1;
  else at = writeLong(bytes, at, record.executedLots);
  at = writeBoolean(bytes, at, record.wasResting);
  at = writeCancelReason(bytes, at, record.reason);
  return at;
}

function decodeCancelled(envelope: Envelope): Cancelled {
  readEnvelope(envelope);
  return {
    type: 'cancelled',
    symbol: symbolRead,
    seq: seqRead,
    account: readLong() as AccountId,
    orderId: readLong() as OrderId,
    side: enumSymbols.Side[readIndex(2, 'enum')] as Side,
    priceTicks: readLong() as PriceTicks,
    cancelledLots: readLong() as QuantityLots,
    executedLots: readLong() as QuantityLots,
    wasResting: readBoolean(),
    reason: enumSymbols.CancelReason[readIndex(16, 'enum')] as CancelReason,
  };
}

function refillCancelled(envelope: Envelope, record: Writable<Cancelled>): void {
  readEnvelope(envelope);
  record.symbol = symbolRead;
  record.seq = seqRead;
  record.account = readLong() as AccountId;
  record.orderId = readLong() as OrderId;
  record.side = enumSymbols.Side[readIndex(2, 'enum')] as Side;
  record.priceTicks = readLong() as PriceTicks;
  record.cancelledLots = readLong() as QuantityLots;
  record.executedLots = readLong() as QuantityLots;
  record.wasResting = readBoolean();
  record.reason = enumSymbols.CancelReason[readIndex(16, 'enum')] as CancelReason;
}

function boundOfCancelled(_record: Cancelled): number {
  return 109;
}

function encodeCandle(envelope: Envelope, record: Candle, bytes: Uint8Array, start: number): number {
  bytes[start] = 0xc3;
  bytes[start + 1] = 0x01;
  bytes[start + 2] = 0xef;
  bytes[start + 3] = 0xb0;
  bytes[start + 4] = 0x02;
  bytes[start + 5] = 0xfd;
  bytes[start + 6] = 0x19;
  bytes[start + 7] = 0x94;
  bytes[start + 8] = 0x87;
  bytes[start + 9] = 0xc7;
  let at = writeEnvelope(bytes, start + 10, envelope, record.symbol, record.seq);
  at = writeString(bytes, at, record.interval);
  if ((record.opensAt & 63) === record.opensAt) bytes[at++] = record.opensAt << 1;
  else at = writeLong(bytes, at, record.opensAt);
  if ((record.openPriceTicks & 63) === record.openPriceTicks) bytes[at++] = record.openPriceTicks << 1;
  else at = writeLong(bytes, at, record.openPriceTicks);
  if ((record.highPriceTicks & 63) === record.highPriceTicks) bytes[at++] = record.highPriceTicks << 1;
  else at = writeLong(bytes, at, record.highPriceTicks);
  if ((record.lowPriceTicks & 63) === record.lowPriceTicks) bytes[at++] = record.lowPriceTicks << 1;
  else at = writeLong(bytes, at, record.lowPriceTicks);
  if ((record.closePriceTicks & 63) === record.closePriceTicks) bytes[at++] = record.closePriceTicks << 1;
  else at = writeLong(bytes, at, record.closePriceTicks);
  if ((record.baseLots & 63) === record.baseLots) bytes[at++] = record.baseLots << 1;
  else at = writeLong(bytes, at, record.baseLots);
  at = writeWide(bytes, at, record.quoteAmount);
  if ((record.takerBuyLots & 63) === record.takerBuyLots) bytes[at++] = record.takerBuyLots << 1;
  else at = writeLong(bytes, at, record.takerBuyLots);
  at = writeWide(bytes, at, record.takerBuyQuoteAmount);
  if ((record.tradeCount & 63) === record.tradeCount) bytes[at++] = record.tradeCount << 1;
  else at = writeLong(bytes, at, record.tradeCount);
  if ((record.firstTradeId & 63) === record.firstTradeId) bytes[at++] = record.firstTradeId << 1;
  else at = writeLong(bytes, at, record.firstTradeId);
  if ((record.lastTradeId & 63) === record.lastTradeId) bytes[at++] = record.lastTradeId << 1;
  else at = writeLong(bytes, at, record.lastTradeId);
  at = writeBoolean(bytes, at, record.closed);
  if ((record.version & 63) === record.version) bytes[at++] = record.version << 1;
  else at = writeInt(bytes, at, record.version);
  return at;
}

function decodeCandle(envelope: Envelope): Candle {
  readEnvelope(envelope);
  return {
    type: 'candle',
    symbol: symbolRead,
    seq: seqRead,
    interval: readString(),
    opensAt: readLong() as Micros,
    openPriceTicks: readLong() as PriceTicks,
    highPriceTicks: readLong() as PriceTicks,
    lowPriceTicks: readLong() as PriceTicks,
    closePriceTicks: readLong() as PriceTicks,
    baseLots: readLong() as QuantityLots,
    quoteAmount: readWide(),
    takerBuyLots: readLong() as QuantityLots,
    takerBuyQuoteAmount: readWide(),
    tradeCount: readLong(),
    firstTradeId: readLong() as Sequence,
    lastTradeId: readLong() as Sequence,
    closed: readBoolean(),
    version: readInt(),
  };
}

function refillCandle(envelope: Envelope, record: Writable<Candle>): void {
  readEnvelope(envelope);
  record.symbol = symbolRead;
  record.seq = seqRead;
  record.interval = readString();
  record.opensAt = readLong() as Micros;
  record.openPriceTicks = readLong() as PriceTicks;
  record.highPriceTicks = readLong() as PriceTicks;
  record.lowPriceTicks = readLong() as PriceTicks;
  record.closePriceTicks = readLong() as PriceTicks;
  record.baseLots = readLong() as QuantityLots;
  record.quoteAmount = readWide();
  record.takerBuyLots = readLong() as QuantityLots;
  record.takerBuyQuoteAmount = readWide();
  record.tradeCount = readLong();
  record.firstTradeId = readLong() as Sequence;
  record.lastTradeId = readLong() as Sequence;
  record.closed = readBoolean();
  record.version = readInt();
}

function boundOfCandle(record: Candle): number {
  return 177 + record.interval.length * 3;
}

function encodeCheckpoint(envelope: Envelope, record: Checkpoint, bytes: Uint8Array, start: number): number {
  bytes[start] = 0xc3;
  bytes[start + 1] = 0x01;
  bytes[start + 2] = 0x1a;
  bytes[start + 3] = 0xf5;
  bytes[start + 4] = 0x88;
  bytes[start + 5] = 0x7b;
  bytes[start + 6] = 0x41;
  bytes[start + 7] = 0x17;
  bytes[start + 8] = 0x88;
  bytes[start + 9] = 0x61;
  let at = writeEnvelope(bytes, start + 10, envelope, record.symbol, record.seq);
  at = writeString(bytes, at, record.stage);
  if ((record.inboxOffset & 63) === record.inboxOffset) bytes[at++] = record.inboxOffset << 1;
  else at = writeLong(bytes, at, record.inboxOffset);
  at = writeString(bytes, at, record.stateHash);
  return at;
}

function decodeCheckpoint(envelope: Envelope): Checkpoint {
  readEnvelope(envelope);
  return {
    type: 'checkpoint',
    symbol: symbolRead,
    seq: seqRead,
    stage: readString(),
    inboxOffset: readLong(),
    stateHash: readString(),
  };
}

function refillCheckpoint(envelope: Envelope, record: Writable<Checkpoint>): void {
  readEnvelope(envelope);
  record.symbol = symbolRead;
  record.seq = seqRead;
  record.stage = readString();
  record.inboxOffset = readLong();
  record.stateHash = readString();
}

function boundOfCheckpoint(record: Checkpoint): number {
  return 84 + record.stage.length * 3 + record.stateHash.length * 3;
}

function encodeDeposit(envelope: Envelope, record: Deposit, bytes: Uint8Array, start: number): number {
  bytes[start] = 0xc3;
  bytes[start + 1] = 0x01;
  bytes[start + 2] = 0x28;
  bytes[start + 3] = 0xd2;
  bytes[start + 4] = 0x18;
  bytes[start + 5] = 0xe2;
  bytes[start + 6] = 0xef;
  bytes[start + 7] = 0xa3;
  bytes[start + 8] = 0x2a;
  bytes[start + 9] = 0xe7;
  let at = writeEnvelope(bytes, start + 10, envelope, record.symbol, record.seq);
  if ((record.account & 63) === record.account) bytes[at++] = record.account << 1;
  else at = writeLong(bytes, at, record.account);
  if ((record.asset & 63) === record.asset) bytes[at++] = record.asset << 1;
  else at = writeInt(bytes, at, record.asset);
  if ((record.amount & 63) === record.amount) bytes[at++] = record.amount << 1;
  else at = writeLong(bytes, at, record.amount);
  at = writeString(bytes, at, record.depositId);
  return at;
}

function decodeDeposit(envelope: Envelope): Deposit {
  readEnvelope(envelope);
  return {
    type: 'deposit',
    symbol: symbolRead,
    seq: seqRead,
    account: readLong() as AccountId,
    asset: readInt() as AssetId,
    amount: readLong() as Amount,
    depositId: readString(),
  };
}

function refillDeposit(envelope: Envelope, record: Writable<Deposit>): void {
  readEnvelope(envelope);
  record.symbol = symbolRead;
  record.seq = seqRead;
  record.account = readLong() as AccountId;
  record.asset = readInt() as AssetId;
  record.amount = readLong() as Amount;
  record.depositId = readString();
}

function boundOfDeposit(record: Deposit): number {
  return 92 + record.depositId.length * 3;
}

function encodeEntry(envelope: Envelope, record: Entry, bytes: Uint8Array, start: number): number {
  bytes[start] = 0xc3;
  bytes[start + 1] = 0x01;
  bytes[start + 2] = 0xf2;
  bytes[start + 3] = 0x24;
  bytes[start + 4] = 0xc9;
  bytes[start + 5] = 0xfa;
  bytes[start + 6] = 0x39;
  bytes[start + 7] = 0xa7;
  bytes[start + 8] = 0x31;
  bytes[start + 9] = 0x07;
  let at = writeEnvelope(bytes, start + 10, envelope, record.symbol, record.seq);
  if ((record.entryId & 63) === record.entryId) bytes[at++] = record.entryId << 1;
  else at = writeLong(bytes, at, record.entryId);
  at = writeEntryKind(bytes, at, record.kind);
  if ((record.accountPartition & 63) === record.accountPartition) bytes[at++] = record.accountPartition << 1;
  else at = writeInt(bytes, at, record.accountPartition);
  if ((record.firstSequence & 63) === record.firstSequence) bytes[at++] = record.firstSequence << 1;
  else at = writeLong(bytes, at, record.firstSequence);
  if ((record.lastSequence & 63) === record.lastSequence) bytes[at++] = record.lastSequence << 1;
  else at = writeLong(bytes, at, record.lastSequence);
  if ((record.tradeId & 63) === record.tradeId) bytes[at++] = record.tradeId << 1;
  else at = writeLong(bytes, at, record.tradeId);
  if ((record.commandId & 63) === record.commandId) bytes[at++] = record.commandId << 1;
  else at = writeLong(bytes, at, record.commandId);
  if ((record.tradeSymbol & 63) === record.tradeSymbol) bytes[at++] = record.tradeSymbol << 1;
  else at = writeInt(bytes, at, record.tradeSymbol);
  if ((record.movedAt & 63) === record.movedAt) bytes[at++] = record.movedAt << 1;
  else at = writeLong(bytes, at, record.movedAt);
  if ((record.reverses & 63) === record.reverses) bytes[at++] = record.reverses << 1;
  else at = writeLong(bytes, at, record.reverses);
  at = writeString(bytes, at, record.reference);
  at = writeString(bytes, at, record.reason);
  if (record.postings.length > 0) {
    at = writeLong(bytes, at, record.postings.length);
    for (const item of record.postings) {
      at = writePosting(bytes, at, item);
    }
  }
  bytes[at++] = 0;
  return at;
}

function decodeEntry(envelope: Envelope): Entry {
  readEnvelope(envelope);
  return {
    type: 'entry',
    symbol: symbolRead,
    seq: seqRead,
    entryId: readLong(),
    kind: enumSymbols.EntryKind[readIndex(6, 'enum')] as EntryKind,
    accountPartition: readInt(),
    firstSequence: readLong(),
    lastSequence: readLong(),
    tradeId: readLong() as Sequence,
    commandId: readLong(),
    tradeSymbol: readInt(),
    movedAt: readLong() as Micros,
    reverses: readLong(),
    reference: readString(),
    reason: readString(),
    postings: readArray(() => readPosting()),
  };
}

function refillEntry(envelope: Envelope, record: Writable<Entry>): void {
  readEnvelope(envelope);
  record.symbol = symbolRead;
  record.seq = seqRead;
  record.entryId = readLong();
  record.kind = enumSymbols.EntryKind[readIndex(6, 'enum')] as EntryKind;
  record.accountPartition = readInt();
  record.firstSequence = readLong();
  record.lastSequence = readLong();
  record.tradeId = readLong() as Sequence;
  record.commandId = readLong();
  record.tradeSymbol = readInt();
  record.movedAt = readLong() as Micros;
  record.reverses = readLong();
  record.reference = readString();
  record.reason = readString();
  record.postings = readArray(() => readPosting());
}

function boundOfEntry(record: Entry): number {
  return 149 + record.reference.length * 3 + record.reason.length * 3 + record.postings.length * 22;
}

function encodeExecution(envelope: Envelope, record: Execution, bytes: Uint8Array, start: number): number {
  bytes[start] = 0xc3;
  bytes[start + 1] = 0x01;
  bytes[start + 2] = 0xb1;
  bytes[start + 3] = 0x61;
  bytes[start + 4] = 0x4c;
  bytes[start + 5] = 0x16;
  bytes[start + 6] = 0x39;
  bytes[start + 7] = 0x16;
  bytes[start + 8] = 0x70;
  bytes[start + 9] = 0x30;
  let at = writeEnvelope(bytes, start + 10, envelope, record.symbol, record.seq);
  if ((record.account & 63) === record.account) bytes[at++] = record.account << 1;
  else at = writeLong(bytes, at, record.account);
  if ((record.orderId & 63) === record.orderId) bytes[at++] = record.orderId << 1;
  else at = writeLong(bytes, at, record.orderId);
  if ((record.tradeId & 63) === record.tradeId) bytes[at++] = record.tradeId << 1;
  else at = writeLong(bytes, at, record.tradeId);
  at = writeSide(bytes, at, record.side);
  if ((record.priceTicks & 63) === record.priceTicks) bytes[at++] = record.priceTicks << 1;
  else at = writeLong(bytes, at, record.priceTicks);
  if ((record.quantityLots & 63) === record.quantityLots) bytes[at++] = record.quantityLots << 1;
  else at = writeLong(bytes, at, record.quantityLots);
  at = writeLiquidity(bytes, at, record.liquidity);
  if ((record.cumulativeLots & 63) === record.cumulativeLots) bytes[at++] = record.cumulativeLots << 1;
  else at = writeLong(bytes, at, record.cumulativeLots);
  if ((record.openPriceTicks & 63) === record.openPriceTicks) bytes[at++] = record.openPriceTicks << 1;
  else at = writeLong(bytes, at, record.openPriceTicks);
  if ((record.openLots & 63) === record.openLots) bytes[at++] = record.openLots << 1;
  else at = writeLong(bytes, at, record.openLots);
  return at;
}

function decodeExecution(envelope: Envelope): Execution {
  readEnvelope(envelope);
  return {
    type: 'execution',
    symbol: symbolRead,
    seq: seqRead,
    account: readLong() as AccountId,
    orderId: readLong() as OrderId,
    tradeId: readLong() as Sequence,
    side: enumSymbols.Side[readIndex(2, 'enum')] as Side,
    priceTicks: readLong() as PriceTicks,
    quantityLots: readLong() as QuantityLots,
    liquidity: enumSymbols.Liquidity[readIndex(3, 'enum')] as Liquidity,
    cumulativeLots: readLong() as QuantityLots,
    openPriceTicks: readLong() as PriceTicks,
    openLots: readLong() as QuantityLots,
  };
}

function refillExecution(envelope: Envelope, record: Writable<Execution>): void {
  readEnvelope(envelope);
  record.symbol = symbolRead;
  record.seq = seqRead;
  record.account = readLong() as AccountId;
  record.orderId = readLong() as OrderId;
  record.tradeId = readLong() as Sequence;
  record.side = enumSymbols.Side[readIndex(2, 'enum')] as Side;
  record.priceTicks = readLong() as PriceTicks;
  record.quantityLots = readLong() as QuantityLots;
  record.liquidity = enumSymbols.Liquidity[readIndex(3, 'enum')] as Liquidity;
  record.cumulativeLots = readLong() as QuantityLots;
  record.openPriceTicks = readLong() as PriceTicks;
  record.openLots = readLong() as QuantityLots;
}

function boundOfExecution(_record: Execution): number {
  return 132;
}

function encodeFeeConfig(envelope: Envelope, record: FeeConfig, bytes: Uint8Array, start: number): number {
  bytes[start] = 0xc3;
  bytes[start + 1] = 0x01;
  bytes[start + 2] = 0x74;
  bytes[start + 3] = 0x98;
  bytes[start + 4] = 0xd2;
  bytes[start + 5] = 0x03;
  bytes[start + 6] = 0x00;
  bytes[start + 7] = 0xd3;
  bytes[start + 8] = 0x60;
  bytes[start + 9] = 0x91;
  let at = writeEnvelope(bytes, start + 10, envelope, record.symbol, record.seq);
  at = writeString(bytes, at, record.schedule);
  if ((record.version & 63) === record.version) bytes[at++] = record.version << 1;
  else at = writeInt(bytes, at, record.version);
  if ((record.makerPpm & 63) === record.makerPpm) bytes[at++] = record.makerPpm << 1;
  else at = writeInt(bytes, at, record.makerPpm);
  if ((record.takerPpm & 63) === record.takerPpm) bytes[at++] = record.takerPpm << 1;
  else at = writeInt(bytes, at, record.takerPpm);
  at = writeFeeAsset(bytes, at, record.feeAsset);
  at = writeString(bytes, at, record.reason);
  at = writeString(bytes, at, record.requestedBy);
  return at;
}

function decodeFeeConfig(envelope: Envelope): FeeConfig {
  readEnvelope(envelope);
  return {
    type: 'fee_config',
    symbol: symbolRead,
    seq: seqRead,
    schedule: readString(),
    version: readInt(),
    makerPpm: readInt() as RatePpm,
    takerPpm: readInt() as RatePpm,
    feeAsset: enumSymbols.FeeAsset[readIndex(2, 'enum')] as FeeAsset,
    reason: readString(),
    requestedBy: readString(),
  };
}

function refillFeeConfig(envelope: Envelope, record: Writable<FeeConfig>): void {
  readEnvelope(envelope);
  record.symbol = symbolRead;
  record.seq = seqRead;
  record.schedule = readString();
  record.version = readInt();
  record.makerPpm = readInt() as RatePpm;
  record.takerPpm = readInt() as RatePpm;
  record.feeAsset = enumSymbols.FeeAsset[readIndex(2, 'enum')] as FeeAsset;
  record.reason = readString();
  record.requestedBy = readString();
}

function boundOfFeeConfig(record: FeeConfig): number {
  return 97 + record.schedule.length * 3 + record.reason.length * 3 + record.requestedBy.length * 3;
}

function encodeFill(envelope: Envelope, record: Fill, bytes: Uint8Array, start: number): number {
  bytes[start] = 0xc3;
  bytes[start + 1] = 0x01;
  bytes[start + 2] = 0x91;
  bytes[start + 3] = 0x39;
  bytes[start + 4] = 0xdb;
  bytes[start + 5] = 0x85;
  bytes[start + 6] = 0xfb;
  bytes[start + 7] = 0x0e;
  bytes[start + 8] = 0xac;
  bytes[start + 9] = 0x4c;
  let at = writeEnvelope(bytes, start + 10, envelope, record.symbol, record.seq);
  if ((record.account & 63) === record.account) bytes[at++] = record.account << 1;
  else at = writeLong(bytes, at, record.account);
  if ((record.orderId & 63) === record.orderId) bytes[at++] = record.orderId << 1;
  else at = writeLong(bytes, at, record.orderId);
  at = writeString(bytes, at, record.clientOrderId);
  if ((record.tradeId & 63) === record.tradeId) bytes[at++] = record.tradeId << 1;
  else at = writeLong(bytes, at, record.tradeId);
  at = writeSide(bytes, at, record.side);
  at = writeLiquidity(bytes, at, record.liquidity);
  if ((record.priceTicks & 63) === record.priceTicks) bytes[at++] = record.priceTicks << 1;
  else at = writeLong(bytes, at, record.priceTicks);
  if ((record.quantityLots & 63) === record.quantityLots) bytes[at++] = record.quantityLots << 1;
  else at = writeLong(bytes, at, record.quantityLots);
  if ((record.baseAsset & 63) === record.baseAsset) bytes[at++] = record.baseAsset << 1;
  else at = writeInt(bytes, at, record.baseAsset);
  if ((record.quoteAsset & 63) === record.quoteAsset) bytes[at++] = record.quoteAsset << 1;
  else at = writeInt(bytes, at, record.quoteAsset);
  if ((record.baseAmount & 63) === record.baseAmount) bytes[at++] = record.baseAmount << 1;
  else at = writeLong(bytes, at, record.baseAmount);
  if ((record.quoteAmount & 63) === record.quoteAmount) bytes[at++] = record.quoteAmount << 1;
  else at = writeLong(bytes, at, record.quoteAmount);
  if ((record.feeAsset & 63) === record.feeAsset) bytes[at++] = record.feeAsset << 1;
  else at = writeInt(bytes, at, record.feeAsset);
  if ((record.fee & 63) === record.fee) bytes[at++] = record.fee << 1;
  else at = writeLong(bytes, at, record.fee);
  if ((record.feeVersion & 63) === record.feeVersion) bytes[at++] = record.feeVersion << 1;
  else at = writeInt(bytes, at, record.feeVersion);
  if ((record.holdConsumed & 63) === record.holdConsumed) bytes[at++] = record.holdConsumed << 1;
  else at = writeLong(bytes, at, record.holdConsumed);
  if ((record.released & 63) === record.released) bytes[at++] = record.released << 1;
  else at = writeLong(bytes, at, record.released);
  if ((record.cumulativeLots & 63) === record.cumulativeLots) bytes[at++] = record.cumulativeLots << 1;
  else at = writeLong(bytes, at, record.cumulativeLots);
  if ((record.openLots & 63) === record.openLots) bytes[at++] = record.openLots << 1;
  else at = writeLong(bytes, at, record.openLots);
  if ((record.cumulativeQuoteAmount & 63) === record.cumulativeQuoteAmount) bytes[at++] = record.cumulativeQuoteAmount << 1;
  else at = writeLong(bytes, at, record.cumulativeQuoteAmount);
  return at;
}

function decodeFill(envelope: Envelope): Fill {
  readEnvelope(envelope);
  return {
    type: 'fill',
    symbol: symbolRead,
    seq: seqRead,
    account: readLong() as AccountId,
    orderId: readLong() as OrderId,
    clientOrderId: readString(),
    tradeId: readLong() as Sequence,
    side: enumSymbols.Side[readIndex(2, 'enum')] as Side,
    liquidity: enumSymbols.Liquidity[readIndex(3, 'enum')] as Liquidity,
    priceTicks: readLong() as PriceTicks,
    quantityLots: readLong() as QuantityLots,
    baseAsset: readInt() as AssetId,
    quoteAsset: readInt() as AssetId,
    baseAmount: readLong() as Amount,
    quoteAmount: readLong() as Amount,
    feeAsset: readInt() as AssetId,
    fee: readLong() as Amount,
    feeVersion: readInt(),
    holdConsumed: readLong() as Amount,
    released: readLong() as Amount,
    cumulativeLots: readLong() as QuantityLots,
    openLots: readLong() as QuantityLots,
    cumulativeQuoteAmount: readLong() as Amount,
  };
}

function refillFill(envelope: Envelope, record: Writable<Fill>): void {
  readEnvelope(envelope);
  record.symbol = symbolRead;
  record.seq = seqRead;
  record.account = readLong() as AccountId;
  record.orderId = readLong() as OrderId;
  record.clientOrderId = readString();
  record.tradeId = readLong() as Sequence;
  record.side = enumSymbols.Side[readIndex(2, 'enum')] as Side;
  record.liquidity = enumSymbols.Liquidity[readIndex(3, 'enum')] as Liquidity;
  record.priceTicks = readLong() as PriceTicks;
  record.quantityLots = readLong() as QuantityLots;
  record.baseAsset = readInt() as AssetId;
  record.quoteAsset = readInt() as AssetId;
  record.baseAmount = readLong() as Amount;
  record.quoteAmount = readLong() as Amount;
  record.feeAsset = readInt() as AssetId;
  record.fee = readLong() as Amount;
  record.feeVersion = readInt();
  record.holdConsumed = readLong() as Amount;
  record.released = readLong() as Amount;
  record.cumulativeLots = readLong() as QuantityLots;
  record.openLots = readLong() as QuantityLots;
  record.cumulativeQuoteAmount = readLong() as Amount;
}

function boundOfFill(record: Fill): number {
  return 197 + record.clientOrderId.length * 3;
}

function encodeHold(envelope: Envelope, record: Hold, bytes: Uint8Array, start: number): number {
  bytes[start] = 0xc3;
  bytes[start + 1] = 0x01;
  bytes[start + 2] = 0x36;
  bytes[start + 3] = 0x73;
  bytes[start + 4] = 0xda;
  bytes[start + 5] = 0x29;
  bytes[start + 6] = 0x59;
  bytes[start + 7] = 0xd5;
  bytes[start + 8] = 0x40;
  bytes[start + 9] = 0x74;
  let at = writeEnvelope(bytes, start + 10, envelope, record.symbol, record.seq);
  if ((record.account & 63) === record.account) bytes[at++] = record.account << 1;
  else at = writeLong(bytes, at, record.account);
  if ((record.orderId & 63) === record.orderId) bytes[at++] = record.orderId << 1;
  else at = writeLong(bytes, at, record.orderId);
  at = writeString(bytes, at, record.clientOrderId);
  if ((record.asset & 63) === record.asset) bytes[at++] = record.asset << 1;
  else at = writeInt(bytes, at, record.asset);
  if ((record.amount & 63) === record.amount) bytes[at++] = record.amount << 1;
  else at = writeLong(bytes, at, record.amount);
  at = writeSide(bytes, at, record.side);
  at = writeOrderType(bytes, at, record.orderType);
  at = writeTimeInForce(bytes, at, record.timeInForce);
  at = writeBoolean(bytes, at, record.postOnly);
  if ((record.priceTicks & 63) === record.priceTicks) bytes[at++] = record.priceTicks << 1;
  else at = writeLong(bytes, at, record.priceTicks);
  if ((record.quantityLots & 63) === record.quantityLots) bytes[at++] = record.quantityLots << 1;
  else at = writeLong(bytes, at, record.quantityLots);
  if ((record.budget & 63) === record.budget) bytes[at++] = record.budget << 1;
  else at = writeLong(bytes, at, record.budget);
  if ((record.expiresAt & 63) === record.expiresAt) bytes[at++] = record.expiresAt << 1;
  else at = writeLong(bytes, at, record.expiresAt);
  if ((record.feeVersion & 63) === record.feeVersion) bytes[at++] = record.feeVersion << 1;
  else at = writeInt(bytes, at, record.feeVersion);
  at = writeCommandKind(bytes, at, record.command);
  return at;
}

function decodeHold(envelope: Envelope): Hold {
  readEnvelope(envelope);
  return {
    type: 'hold',
    symbol: symbolRead,
    seq: seqRead,
    account: readLong() as AccountId,
    orderId: readLong() as OrderId,
    clientOrderId: readString(),
    asset: readInt() as AssetId,
    amount: readLong() as Amount,
    side: enumSymbols.Side[readIndex(2, 'enum')] as Side,
    orderType: enumSymbols.OrderType[readIndex(2, 'enum')] as OrderType,
    timeInForce: enumSymbols.TimeInForce[readIndex(4, 'enum')] as TimeInForce,
    postOnly: readBoolean(),
    priceTicks: readLong() as PriceTicks,
    quantityLots: readLong() as QuantityLots,
    budget: readLong() as Amount,
    expiresAt: readLong() as Micros,
    feeVersion: readInt(),
    command: enumSymbols.CommandKind[readIndex(7, 'enum')] as CommandKind,
  };
}

function refillHold(envelope: Envelope, record: Writable<Hold>): void {
  readEnvelope(envelope);
  record.symbol = symbolRead;
  record.seq = seqRead;
  record.account = readLong() as AccountId;
  record.orderId = readLong() as OrderId;
  record.clientOrderId = readString();
  record.asset = readInt() as AssetId;
  record.amount = readLong() as Amount;
  record.side = enumSymbols.Side[readIndex(2, 'enum')] as Side;
  record.orderType = enumSymbols.OrderType[readIndex(2, 'enum')] as OrderType;
  record.timeInForce = enumSymbols.TimeInForce[readIndex(4, 'enum')] as TimeInForce;
  record.postOnly = readBoolean();
  record.priceTicks = readLong() as PriceTicks;
  record.quantityLots = readLong() as QuantityLots;
  record.budget = readLong() as Amount;
  record.expiresAt = readLong() as Micros;
  record.feeVersion = readInt();
  record.command = enumSymbols.CommandKind[readIndex(7, 'enum')] as CommandKind;
}

function boundOfHold(record: Hold): number {
  return 142 + record.clientOrderId.length * 3;
}

function encodeKeyRevocation(envelope: Envelope, record: KeyRevocation, bytes: Uint8Array, start: number): number {
  bytes[start] = 0xc3;
  bytes[start + 1] = 0x01;
  bytes[start + 2] = 0x68;
  bytes[start + 3] = 0x9a;
  bytes[start + 4] = 0x0e;
  bytes[start + 5] = 0x92;
  bytes[start + 6] = 0x77;
  bytes[start + 7] = 0x67;
  bytes[start + 8] = 0x24;
  bytes[start + 9] = 0x46;
  let at = writeEnvelope(bytes, start + 10, envelope, record.symbol, record.seq);
  at = writeString(bytes, at, record.keyId);
  at = writeString(bytes, at, record.reason);
  at = writeString(bytes, at, record.requestedBy);
  return at;
}

function decodeKeyRevocation(envelope: Envelope): KeyRevocation {
  readEnvelope(envelope);
  return {
    type: 'key_revocation',
    symbol: symbolRead,
    seq: seqRead,
    keyId: readString(),
    reason: readString(),
    requestedBy: readString(),
  };
}

function refillKeyRevocation(envelope: Envelope, record: Writable<KeyRevocation>): void {
  readEnvelope(envelope);
  record.symbol = symbolRead;
  record.seq = seqRead;
  record.keyId = readString();
  record.reason = readString();
  record.requestedBy = readString();
}

function boundOfKeyRevocation(record: KeyRevocation): number {
  return 81 + record.keyId.length * 3 + record.reason.length * 3 + record.requestedBy.length * 3;
}

function encodeLimitConfig(envelope: Envelope, record: LimitConfig, bytes: Uint8Array, start: number): number {
  bytes[start] = 0xc3;
  bytes[start + 1] = 0x01;
  bytes[start + 2] = 0x62;
  bytes[start + 3] = 0xff;
  bytes[start + 4] = 0xcd;
  bytes[start + 5] = 0xc5;
  bytes[start + 6] = 0x67;
  bytes[start + 7] = 0x21;
  bytes[start + 8] = 0x49;
  bytes[start + 9] = 0x91;
  let at = writeEnvelope(bytes, start + 10, envelope, record.symbol, record.seq);
  if ((record.account & 63) === record.account) bytes[at++] = record.account << 1;
  else at = writeLong(bytes, at, record.account);
  if ((record.openOrders & 63) === record.openOrders) bytes[at++] = record.openOrders << 1;
  else at = writeInt(bytes, at, record.openOrders);
  if ((record.ordersPerSecond & 63) === record.ordersPerSecond) bytes[at++] = record.ordersPerSecond << 1;
  else at = writeInt(bytes, at, record.ordersPerSecond);
  if ((record.tradeGroup & 63) === record.tradeGroup) bytes[at++] = record.tradeGroup << 1;
  else at = writeInt(bytes, at, record.tradeGroup);
  if ((record.version & 63) === record.version) bytes[at++] = record.version << 1;
  else at = writeInt(bytes, at, record.version);
  at = writeString(bytes, at, record.reason);
  at = writeString(bytes, at, record.requestedBy);
  return at;
}

function decodeLimitConfig(envelope: Envelope): LimitConfig {
  readEnvelope(envelope);
  return {
    type: 'limit_config',
    symbol: symbolRead,
    seq: seqRead,
    account: readLong() as AccountId,
    openOrders: readInt(),
    ordersPerSecond: readInt(),
    tradeGroup: readInt(),
    version: readInt(),
    reason: readString(),
    requestedBy: readString(),
  };
}

function refillLimitConfig(envelope: Envelope, record: Writable<LimitConfig>): void {
  readEnvelope(envelope);
  record.symbol = symbolRead;
  record.seq = seqRead;
  record.account = readLong() as AccountId;
  record.openOrders = readInt();
  record.ordersPerSecond = readInt();
  record.tradeGroup = readInt();
  record.version = readInt();
  record.reason = readString();
  record.requestedBy = readString();
}

function boundOfLimitConfig(record: LimitConfig): number {
  return 104 + record.reason.length * 3 + record.requestedBy.length * 3;
}

function encodeMarketState(envelope: Envelope, record: MarketState, bytes: Uint8Array, start: number): number {
  bytes[start] = 0xc3;
  bytes[start + 1] = 0x01;
  bytes[start + 2] = 0x36;
  bytes[start + 3] = 0x10;
  bytes[start + 4] = 0xae;
  bytes[start + 5] = 0x52;
  bytes[start + 6] = 0x61;
  bytes[start + 7] = 0x6a;
  bytes[start + 8] = 0x52;
  bytes[start + 9] = 0x9e;
  let at = writeEnvelope(bytes, start + 10, envelope, record.symbol, record.seq);
  at = writeTradingState(bytes, at, record.state);
  at = writeTradingState(bytes, at, record.previousState);
  if ((record.until & 63) === record.until) bytes[at++] = record.until << 1;
  else at = writeLong(bytes, at, record.until);
  at = writeString(bytes, at, record.reason);
  at = writeString(bytes, at, record.requestedBy);
  return at;
}

function decodeMarketState(envelope: Envelope): MarketState {
  readEnvelope(envelope);
  return {
    type: 'market_state',
    symbol: symbolRead,
    seq: seqRead,
    state: enumSymbols.TradingState[readIndex(8, 'enum')] as TradingState,
    previousState: enumSymbols.TradingState[readIndex(8, 'enum')] as TradingState,
    until: readLong() as Micros,
    reason: readString(),
    requestedBy: readString(),
  };
}

function refillMarketState(envelope: Envelope, record: Writable<MarketState>): void {
  readEnvelope(envelope);
  record.symbol = symbolRead;
  record.seq = seqRead;
  record.state = enumSymbols.TradingState[readIndex(8, 'enum')] as TradingState;
  record.previousState = enumSymbols.TradingState[readIndex(8, 'enum')] as TradingState;
  record.until = readLong() as Micros;
  record.reason = readString();
  record.requestedBy = readString();
}

function boundOfMarketState(record: MarketState): number {
  return 86 + record.reason.length * 3 + record.requestedBy.length * 3;
}

function encodeOrderAmended(envelope: Envelope, record: OrderAmended, bytes: Uint8Array, start: number): number {
  bytes[start] = 0xc3;
  bytes[start + 1] = 0x01;
  bytes[start + 2] = 0x6b;
  bytes[start + 3] = 0x17;
  bytes[start + 4] = 0x7c;
  bytes[start + 5] = 0xf9;
  bytes[start + 6] = 0xff;
  bytes[start + 7] = 0x8c;
  bytes[start + 8] = 0x60;
  bytes[start + 9] = 0xd2;
  let at = writeEnvelope(bytes, start + 10, envelope, record.symbol, record.seq);
  if ((record.account & 63) === record.account) bytes[at++] = record.account << 1;
  else at = writeLong(bytes, at, record.account);
  if ((record.orderId & 63) === record.orderId) bytes[at++] = record.orderId << 1;
  else at = writeLong(bytes, at, record.orderId);
  at = writeString(bytes, at, record.clientOrderId);
  if ((record.priceTicks & 63) === record.priceTicks) bytes[at++] = record.priceTicks << 1;
  else at = writeLong(bytes, at, record.priceTicks);
  if ((record.quantityLots & 63) === record.quantityLots) bytes[at++] = record.quantityLots << 1;
  else at = writeLong(bytes, at, record.quantityLots);
  if ((record.openLots & 63) === record.openLots) bytes[at++] = record.openLots << 1;
  else at = writeLong(bytes, at, record.openLots);
  if ((record.asset & 63) === record.asset) bytes[at++] = record.asset << 1;
  else at = writeInt(bytes, at, record.asset);
  if ((record.released & 63) === record.released) bytes[at++] = record.released << 1;
  else at = writeLong(bytes, at, record.released);
  return at;
}

function decodeOrderAmended(envelope: Envelope): OrderAmended {
  readEnvelope(envelope);
  return {
    type: 'order_amended',
    symbol: symbolRead,
    seq: seqRead,
    account: readLong() as AccountId,
    orderId: readLong() as OrderId,
    clientOrderId: readString(),
    priceTicks: readLong() as PriceTicks,
    quantityLots: readLong() as QuantityLots,
    openLots: readLong() as QuantityLots,
    asset: readInt() as AssetId,
    released: readLong() as Amount,
  };
}

function refillOrderAmended(envelope: Envelope, record: Writable<OrderAmended>): void {
  readEnvelope(envelope);
  record.symbol = symbolRead;
  record.seq = seqRead;
  record.account = readLong() as AccountId;
  record.orderId = readLong() as OrderId;
  record.clientOrderId = readString();
  record.priceTicks = readLong() as PriceTicks;
  record.quantityLots = readLong() as QuantityLots;
  record.openLots = readLong() as QuantityLots;
  record.asset = readInt() as AssetId;
  record.released = readLong() as Amount;
}

function boundOfOrderAmended(record: OrderAmended): number {
  return 124 + record.clientOrderId.length * 3;
}

function encodeOrderUpdate(envelope: Envelope, record: OrderUpdate, bytes: Uint8Array, start: number): number {
  bytes[start] = 0xc3;
  bytes[start + 1] = 0x01;
  bytes[start + 2] = 0xf9;
  bytes[start + 3] = 0x1b;
  bytes[start + 4] = 0x36;
  bytes[start + 5] = 0x40;
  bytes[start + 6] = 0x1b;
  bytes[start + 7] = 0x94;
  bytes[start + 8] = 0x18;
  bytes[start + 9] = 0x9a;
  let at = writeEnvelope(bytes, start + 10, envelope, record.symbol, record.seq);
  if ((record.account & 63) === record.account) bytes[at++] = record.account << 1;
  else at = writeLong(bytes, at, record.account);
  if ((record.orderId & 63) === record.orderId) bytes[at++] = record.orderId << 1;
  else at = writeLong(bytes, at, record.orderId);
  if ((record.requestId & 63) === record.requestId) bytes[at++] = record.requestId << 1;
  else at = writeLong(bytes, at, record.requestId);
  at = writeOrderOutcome(bytes, at, record.outcome);
  at = writeCommandKind(bytes, at, record.command);
  if (record.rejectReason === null) bytes[at++] = 0;
  else {
    bytes[at++] = 2;
    at = writeRejectReason(bytes, at, record.rejectReason);
  }
  if (record.cancelReason === null) bytes[at++] = 0;
  else {
    bytes[at++] = 2;
    at = writeCancelReason(bytes, at, record.cancelReason);
  }
  if ((record.openPriceTicks & 63) === record.openPriceTicks) bytes[at++] = record.openPriceTicks << 1;
  else at = writeLong(bytes, at, record.openPriceTicks);
  if ((record.openLots & 63) === record.openLots) bytes[at++] = record.openLots << 1;
  else at = writeLong(bytes, at, record.openLots);
  if ((record.executedLots & 63) === record.executedLots) bytes[at++] = record.executedLots << 1;
  else at = writeLong(bytes, at, record.executedLots);
  return at;
}

function decodeOrderUpdate(envelope: Envelope): OrderUpdate {
  readEnvelope(envelope);
  return {
    type: 'order_update',
    symbol: symbolRead,
    seq: seqRead,
    account: readLong() as AccountId,
    orderId: readLong() as OrderId,
    requestId: readLong(),
    outcome: enumSymbols.OrderOutcome[readIndex(8, 'enum')] as OrderOutcome,
    command: enumSymbols.CommandKind[readIndex(7, 'enum')] as CommandKind,
    rejectReason: readPresence() ? (enumSymbols.RejectReason[readIndex(30, 'enum')] as RejectReason) : null,
    cancelReason: readPresence() ? (enumSymbols.CancelReason[readIndex(16, 'enum')] as CancelReason) : null,
    openPriceTicks: readLong() as PriceTicks,
    openLots: readLong() as QuantityLots,
    executedLots: readLong() as QuantityLots,
  };
}

function refillOrderUpdate(envelope: Envelope, record: Writable<OrderUpdate>): void {
  readEnvelope(envelope);
  record.symbol = symbolRead;
  record.seq = seqRead;
  record.account = readLong() as AccountId;
  record.orderId = readLong() as OrderId;
  record.requestId = readLong();
  record.outcome = enumSymbols.OrderOutcome[readIndex(8, 'enum')] as OrderOutcome;
  record.command = enumSymbols.CommandKind[readIndex(7, 'enum')] as CommandKind;
  record.rejectReason = readPresence() ? (enumSymbols.RejectReason[readIndex(30, 'enum')] as RejectReason) : null;
  record.cancelReason = readPresence() ? (enumSymbols.CancelReason[readIndex(16, 'enum')] as CancelReason) : null;
  record.openPriceTicks = readLong() as PriceTicks;
  record.openLots = readLong() as QuantityLots;
  record.executedLots = readLong() as QuantityLots;
}

function boundOfOrderUpdate(_record: OrderUpdate): number {
  return 120;
}

function encodePlace(envelope: Envelope, record: Place, bytes: Uint8Array, start: number): number {
  bytes[start] = 0xc3;
  bytes[start + 1] = 0x01;
  bytes[start + 2] = 0xb1;
  bytes[start + 3] = 0xb8;
  bytes[start + 4] = 0x51;
  bytes[start + 5] = 0xe9;
  bytes[start + 6] = 0x63;
  bytes[start + 7] = 0x00;
  bytes[start + 8] = 0xb8;
  bytes[start + 9] = 0x2d;
  let at = writeEnvelope(bytes, start + 10, envelope, record.symbol, record.seq);
  if ((record.account & 63) === record.account) bytes[at++] = record.account << 1;
  else at = writeLong(bytes, at, record.account);
  at = writeString(bytes, at, record.clientOrderId);
  at = writeSide(bytes, at, record.side);
  at = writeOrderType(bytes, at, record.orderType);
  at = writeTimeInForce(bytes, at, record.timeInForce);
  at = writeBoolean(bytes, at, record.postOnly);
  if ((record.priceTicks & 63) === record.priceTicks) bytes[at++] = record.priceTicks << 1;
  else at = writeLong(bytes, at, record.priceTicks);
  if ((record.quantityLots & 63) === record.quantityLots) bytes[at++] = record.quantityLots << 1;
  else at = writeLong(bytes, at, record.quantityLots);
  if ((record.budget & 63) === record.budget) bytes[at++] = record.budget << 1;
  else at = writeLong(bytes, at, record.budget);
  if (record.selfTradeMode === null) bytes[at++] = 0;
  else {
    bytes[at++] = 2;
    at = writeSelfTradeMode(bytes, at, record.selfTradeMode);
  }
  if ((record.expiresAt & 63) === record.expiresAt) bytes[at++] = record.expiresAt << 1;
  else at = writeLong(bytes, at, record.expiresAt);
  if ((record.validUntil & 63) === record.validUntil) bytes[at++] = record.validUntil << 1;
  else at = writeLong(bytes, at, record.validUntil);
  return at;
}

function decodePlace(envelope: Envelope): Place {
  readEnvelope(envelope);
  return {
    type: 'place',
    symbol: symbolRead,
    seq: seqRead,
    account: readLong() as AccountId,
    clientOrderId: readString(),
    side: enumSymbols.Side[readIndex(2, 'enum')] as Side,
    orderType: enumSymbols.OrderType[readIndex(2, 'enum')] as OrderType,
    timeInForce: enumSymbols.TimeInForce[readIndex(4, 'enum')] as TimeInForce,
    postOnly: readBoolean(),
    priceTicks: readLong() as PriceTicks,
    quantityLots: readLong() as QuantityLots,
    budget: readLong() as Amount,
    selfTradeMode: readPresence() ? (enumSymbols.SelfTradeMode[readIndex(5, 'enum')] as SelfTradeMode) : null,
    expiresAt: readLong() as Micros,
    validUntil: readLong() as Micros,
  };
}

function refillPlace(envelope: Envelope, record: Writable<Place>): void {
  readEnvelope(envelope);
  record.symbol = symbolRead;
  record.seq = seqRead;
  record.account = readLong() as AccountId;
  record.clientOrderId = readString();
  record.side = enumSymbols.Side[readIndex(2, 'enum')] as Side;
  record.orderType = enumSymbols.OrderType[readIndex(2, 'enum')] as OrderType;
  record.timeInForce = enumSymbols.TimeInForce[readIndex(4, 'enum')] as TimeInForce;
  record.postOnly = readBoolean();
  record.priceTicks = readLong() as PriceTicks;
  record.quantityLots = readLong() as QuantityLots;
  record.budget = readLong() as Amount;
  record.selfTradeMode = readPresence() ? (enumSymbols.SelfTradeMode[readIndex(5, 'enum')] as SelfTradeMode) : null;
  record.expiresAt = readLong() as Micros;
  record.validUntil = readLong() as Micros;
}

function boundOfPlace(record: Place): number {
  return 125 + record.clientOrderId.length * 3;
}

function encodePreventedMatch(envelope: Envelope, record: PreventedMatch, bytes: Uint8Array, start: number): number {
  bytes[start] = 0xc3;
  bytes[start + 1] = 0x01;
  bytes[start + 2] = 0xf2;
  bytes[start + 3] = 0x1a;
  bytes[start + 4] = 0xa4;
  bytes[start + 5] = 0x15;
  bytes[start + 6] = 0x08;
  bytes[start + 7] = 0x69;
  bytes[start + 8] = 0x82;
  bytes[start + 9] = 0x5a;
  let at = writeEnvelope(bytes, start + 10, envelope, record.symbol, record.seq);
  if ((record.takerOrderId & 63) === record.takerOrderId) bytes[at++] = record.takerOrderId << 1;
  else at = writeLong(bytes, at, record.takerOrderId);
  if ((record.makerOrderId & 63) === record.makerOrderId) bytes[at++] = record.makerOrderId << 1;
  else at = writeLong(bytes, at, record.makerOrderId);
  if ((record.takerAccount & 63) === record.takerAccount) bytes[at++] = record.takerAccount << 1;
  else at = writeLong(bytes, at, record.takerAccount);
  if ((record.makerAccount & 63) === record.makerAccount) bytes[at++] = record.makerAccount << 1;
  else at = writeLong(bytes, at, record.makerAccount);
  if ((record.priceTicks & 63) === record.priceTicks) bytes[at++] = record.priceTicks << 1;
  else at = writeLong(bytes, at, record.priceTicks);
  if ((record.quantityLots & 63) === record.quantityLots) bytes[at++] = record.quantityLots << 1;
  else at = writeLong(bytes, at, record.quantityLots);
  at = writeSelfTradeMode(bytes, at, record.mode);
  if ((record.takerOpenLots & 63) === record.takerOpenLots) bytes[at++] = record.takerOpenLots << 1;
  else at = writeLong(bytes, at, record.takerOpenLots);
  if ((record.makerOpenLots & 63) === record.makerOpenLots) bytes[at++] = record.makerOpenLots << 1;
  else at = writeLong(bytes, at, record.makerOpenLots);
  return at;
}

function decodePreventedMatch(envelope: Envelope): PreventedMatch {
  readEnvelope(envelope);
  return {
    type: 'prevented_match',
    symbol: symbolRead,
    seq: seqRead,
    takerOrderId: readLong() as OrderId,
    makerOrderId: readLong() as OrderId,
    takerAccount: readLong() as AccountId,
    makerAccount: readLong() as AccountId,
    priceTicks: readLong() as PriceTicks,
    quantityLots: readLong() as QuantityLots,
    mode: enumSymbols.SelfTradeMode[readIndex(5, 'enum')] as SelfTradeMode,
    takerOpenLots: readLong() as QuantityLots,
    makerOpenLots: readLong() as QuantityLots,
  };
}

function refillPreventedMatch(envelope: Envelope, record: Writable<PreventedMatch>): void {
  readEnvelope(envelope);
  record.symbol = symbolRead;
  record.seq = seqRead;
  record.takerOrderId = readLong() as OrderId;
  record.makerOrderId = readLong() as OrderId;
  record.takerAccount = readLong() as AccountId;
  record.makerAccount = readLong() as AccountId;
  record.priceTicks = readLong() as PriceTicks;
  record.quantityLots = readLong() as QuantityLots;
  record.mode = enumSymbols.SelfTradeMode[readIndex(5, 'enum')] as SelfTradeMode;
  record.takerOpenLots = readLong() as QuantityLots;
  record.makerOpenLots = readLong() as QuantityLots;
}

function boundOfPreventedMatch(_record: PreventedMatch): number {
  return 131;
}

function encodeReferencePrice(envelope: Envelope, record: ReferencePrice, bytes: Uint8Array, start: number): number {
  bytes[start] = 0xc3;
  bytes[start + 1] = 0x01;
  bytes[start + 2] = 0x18;
  bytes[start + 3] = 0x26;
  bytes[start + 4] = 0x6e;
  bytes[start + 5] = 0x68;
  bytes[start + 6] = 0x4c;
  bytes[start + 7] = 0xcc;
  bytes[start + 8] = 0x9a;
  bytes[start + 9] = 0x4a;
  let at = writeEnvelope(bytes, start + 10, envelope, record.symbol, record.seq);
  if ((record.priceTicks & 63) === record.priceTicks) bytes[at++] = record.priceTicks << 1;
  else at = writeLong(bytes, at, record.priceTicks);
  return at;
}

function decodeReferencePrice(envelope: Envelope): ReferencePrice {
  readEnvelope(envelope);
  return {
    type: 'reference_price',
    symbol: symbolRead,
    seq: seqRead,
    priceTicks: readLong() as PriceTicks,
  };
}

function refillReferencePrice(envelope: Envelope, record: Writable<ReferencePrice>): void {
  readEnvelope(envelope);
  record.symbol = symbolRead;
  record.seq = seqRead;
  record.priceTicks = readLong() as PriceTicks;
}

function boundOfReferencePrice(_record: ReferencePrice): number {
  return 74;
}

function encodeRejected(envelope: Envelope, record: Rejected, bytes: Uint8Array, start: number): number {
  bytes[start] = 0xc3;
  bytes[start + 1] = 0x01;
  bytes[start + 2] = 0xdc;
  bytes[start + 3] = 0xee;
  bytes[start + 4] = 0x6c;
  bytes[start + 5] = 0x2a;
  bytes[start + 6] = 0xcc;
  bytes[start + 7] = 0xd1;
  bytes[start + 8] = 0xa3;
  bytes[start + 9] = 0x88;
  let at = writeEnvelope(bytes, start + 10, envelope, record.symbol, record.seq);
  if ((record.account & 63) === record.account) bytes[at++] = record.account << 1;
  else at = writeLong(bytes, at, record.account);
  if ((record.orderId & 63) === record.orderId) bytes[at++] = record.orderId << 1;
  else at = writeLong(bytes, at, record.orderId);
  at = writeString(bytes, at, record.clientOrderId);
  at = writeCommandKind(bytes, at, record.command);
  at = writeRejectReason(bytes, at, record.reason);
  at = writeRejectStage(bytes, at, record.stage);
  if ((record.asset & 63) === record.asset) bytes[at++] = record.asset << 1;
  else at = writeInt(bytes, at, record.asset);
  if ((record.released & 63) === record.released) bytes[at++] = record.released << 1;
  else at = writeLong(bytes, at, record.released);
  return at;
}

function decodeRejected(envelope: Envelope): Rejected {
  readEnvelope(envelope);
  return {
    type: 'rejected',
    symbol: symbolRead,
    seq: seqRead,
    account: readLong() as AccountId,
    orderId: readLong() as OrderId,
    clientOrderId: readString(),
    command: enumSymbols.CommandKind[readIndex(7, 'enum')] as CommandKind,
    reason: enumSymbols.RejectReason[readIndex(30, 'enum')] as RejectReason,
    stage: enumSymbols.RejectStage[readIndex(3, 'enum')] as RejectStage,
    asset: readInt() as AssetId,
    released: readLong() as Amount,
  };
}

function refillRejected(envelope: Envelope, record: Writable<Rejected>): void {
  readEnvelope(envelope);
  record.symbol = symbolRead;
  record.seq = seqRead;
  record.account = readLong() as AccountId;
  record.orderId = readLong() as OrderId;
  record.clientOrderId = readString();
  record.command = enumSymbols.CommandKind[readIndex(7, 'enum')] as CommandKind;
  record.reason = enumSymbols.RejectReason[readIndex(30, 'enum')] as RejectReason;
  record.stage = enumSymbols.RejectStage[readIndex(3, 'enum')] as RejectStage;
  record.asset = readInt() as AssetId;
  record.released = readLong() as Amount;
}

function boundOfRejected(record: Rejected): number {
  return 103 + record.clientOrderId.length * 3;
}

function encodeRelease(envelope: Envelope, record: Release, bytes: Uint8Array, start: number): number {
  bytes[start] = 0xc3;
  bytes[start + 1] = 0x01;
  bytes[start + 2] = 0x39;
  bytes[start + 3] = 0xd1;
  bytes[start + 4] = 0x21;
  bytes[start + 5] = 0x5d;
  bytes[start + 6] = 0x9b;
  bytes[start + 7] = 0x8f;
  bytes[start + 8] = 0x7b;
  bytes[start + 9] = 0x85;
  let at = writeEnvelope(bytes, start + 10, envelope, record.symbol, record.seq);
  if ((record.account & 63) === record.account) bytes[at++] = record.account << 1;
  else at = writeLong(bytes, at, record.account);
  if ((record.orderId & 63) === record.orderId) bytes[at++] = record.orderId << 1;
  else at = writeLong(bytes, at, record.orderId);
  at = writeString(bytes, at, record.clientOrderId);
  if ((record.asset & 63) === record.asset) bytes[at++] = record.asset << 1;
  else at = writeInt(bytes, at, record.asset);
  if ((record.amount & 63) === record.amount) bytes[at++] = record.amount << 1;
  else at = writeLong(bytes, at, record.amount);
  if (record.reason === null) bytes[at++] = 0;
  else {
    bytes[at++] = 2;
    at = writeCancelReason(bytes, at, record.reason);
  }
  if ((record.executedLots & 63) === record.executedLots) bytes[at++] = record.executedLots << 1;
  else at = writeLong(bytes, at, record.executedLots);
  if ((record.openLots & 63) === record.openLots) bytes[at++] = record.openLots << 1;
  else at = writeLong(bytes, at, record.openLots);
  return at;
}

function decodeRelease(envelope: Envelope): Release {
  readEnvelope(envelope);
  return {
    type: 'release',
    symbol: symbolRead,
    seq: seqRead,
    account: readLong() as AccountId,
    orderId: readLong() as OrderId,
    clientOrderId: readString(),
    asset: readInt() as AssetId,
    amount: readLong() as Amount,
    reason: readPresence() ? (enumSymbols.CancelReason[readIndex(16, 'enum')] as CancelReason) : null,
    executedLots: readLong() as QuantityLots,
    openLots: readLong() as QuantityLots,
  };
}

function refillRelease(envelope: Envelope, record: Writable<Release>): void {
  readEnvelope(envelope);
  record.symbol = symbolRead;
  record.seq = seqRead;
  record.account = readLong() as AccountId;
  record.orderId = readLong() as OrderId;
  record.clientOrderId = readString();
  record.asset = readInt() as AssetId;
  record.amount = readLong() as Amount;
  record.reason = readPresence() ? (enumSymbols.CancelReason[readIndex(16, 'enum')] as CancelReason) : null;
  record.executedLots = readLong() as QuantityLots;
  record.openLots = readLong() as QuantityLots;
}

function boundOfRelease(record: Release): number {
  return 118 + record.clientOrderId.length * 3;
}

function encodeRepeated(envelope: Envelope, record: Repeated, bytes: Uint8Array, start: number): number {
  bytes[start] = 0xc3;
  bytes[start + 1] = 0x01;
  bytes[start + 2] = 0x91;
  bytes[start + 3] = 0x79;
  bytes[start + 4] = 0x61;
  bytes[start + 5] = 0xda;
  bytes[start + 6] = 0x9c;
  bytes[start + 7] = 0x74;
  bytes[start + 8] = 0x4e;
  bytes[start + 9] = 0xd8;
  let at = writeEnvelope(bytes, start + 10, envelope, record.symbol, record.seq);
  if ((record.account & 63) === record.account) bytes[at++] = record.account << 1;
  else at = writeLong(bytes, at, record.account);
  if ((record.orderId & 63) === record.orderId) bytes[at++] = record.orderId << 1;
  else at = writeLong(bytes, at, record.orderId);
  at = writeString(bytes, at, record.clientOrderId);
  return at;
}

function decodeRepeated(envelope: Envelope): Repeated {
  readEnvelope(envelope);
  return {
    type: 'repeated',
    symbol: symbolRead,
    seq: seqRead,
    account: readLong() as AccountId,
    orderId: readLong() as OrderId,
    clientOrderId: readString(),
  };
}

function refillRepeated(envelope: Envelope, record: Writable<Repeated>): void {
  readEnvelope(envelope);
  record.symbol = symbolRead;
  record.seq = seqRead;
  record.account = readLong() as AccountId;
  record.orderId = readLong() as OrderId;
  record.clientOrderId = readString();
}

function boundOfRepeated(record: Repeated): number {
  return 87 + record.clientOrderId.length * 3;
}

function encodeSymbolConfig(envelope: Envelope, record: SymbolConfig, bytes: Uint8Array, start: number): number {
  bytes[start] = 0xc3;
  bytes[start + 1] = 0x01;
  bytes[start + 2] = 0x7e;
  bytes[start + 3] = 0xb2;
  bytes[start + 4] = 0x4c;
  bytes[start + 5] = 0xb9;
  bytes[start + 6] = 0xc3;
  bytes[start + 7] = 0x32;
  bytes[start + 8] = 0xa9;
  bytes[start + 9] = 0xa8;
  let at = writeEnvelope(bytes, start + 10, envelope, record.symbol, record.seq);
  at = writeString(bytes, at, record.name);
  if ((record.baseAsset & 63) === record.baseAsset) bytes[at++] = record.baseAsset << 1;
  else at = writeInt(bytes, at, record.baseAsset);
  if ((record.quoteAsset & 63) === record.quoteAsset) bytes[at++] = record.quoteAsset << 1;
  else at = writeInt(bytes, at, record.quoteAsset);
  if ((record.priceDecimals & 63) === record.priceDecimals) bytes[at++] = record.priceDecimals << 1;
  else at = writeInt(bytes, at, record.priceDecimals);
  if ((record.quantityDecimals & 63) === record.quantityDecimals) bytes[at++] = record.quantityDecimals << 1;
  else at = writeInt(bytes, at, record.quantityDecimals);
  at = writeString(bytes, at, record.tickDecimal);
  at = writeString(bytes, at, record.lotDecimal);
  if ((record.quoteUnitsPerTickLot & 63) === record.quoteUnitsPerTickLot) bytes[at++] = record.quoteUnitsPerTickLot << 1;
  else at = writeLong(bytes, at, record.quoteUnitsPerTickLot);
  if ((record.baseUnitsPerLot & 63) === record.baseUnitsPerLot) bytes[at++] = record.baseUnitsPerLot << 1;
  else at = writeLong(bytes, at, record.baseUnitsPerLot);
  if ((record.minPriceTicks & 63) === record.minPriceTicks) bytes[at++] = record.minPriceTicks << 1;
  else at = writeLong(bytes, at, record.minPriceTicks);
  if ((record.maxPriceTicks & 63) === record.maxPriceTicks) bytes[at++] = record.maxPriceTicks << 1;
  else at = writeLong(bytes, at, record.maxPriceTicks);
  if ((record.minQuantityLots & 63) === record.minQuantityLots) bytes[at++] = record.minQuantityLots << 1;
  else at = writeLong(bytes, at, record.minQuantityLots);
  if ((record.maxQuantityLots & 63) === record.maxQuantityLots) bytes[at++] = record.maxQuantityLots << 1;
  else at = writeLong(bytes, at, record.maxQuantityLots);
  if ((record.minNotionalAmount & 63) === record.minNotionalAmount) bytes[at++] = record.minNotionalAmount << 1;
  else at = writeLong(bytes, at, record.minNotionalAmount);
  if ((record.maxNotionalAmount & 63) === record.maxNotionalAmount) bytes[at++] = record.maxNotionalAmount << 1;
  else at = writeLong(bytes, at, record.maxNotionalAmount);
  if ((record.bandPpm & 63) === record.bandPpm) bytes[at++] = record.bandPpm << 1;
  else at = writeInt(bytes, at, record.bandPpm);
  at = writeString(bytes, at, record.feeSchedule);
  at = writeSelfTradeMode(bytes, at, record.defaultSelfTradeMode);
  if ((record.allowedSelfTradeModes & 63) === record.allowedSelfTradeModes) bytes[at++] = record.allowedSelfTradeModes << 1;
  else at = writeInt(bytes, at, record.allowedSelfTradeModes);
  if ((record.maxRestingOrders & 63) === record.maxRestingOrders) bytes[at++] = record.maxRestingOrders << 1;
  else at = writeInt(bytes, at, record.maxRestingOrders);
  at = writeTradingState(bytes, at, record.openingState);
  if ((record.version & 63) === record.version) bytes[at++] = record.version << 1;
  else at = writeInt(bytes, at, record.version);
  return at;
}

function decodeSymbolConfig(envelope: Envelope): SymbolConfig {
  readEnvelope(envelope);
  return {
    type: 'symbol_config',
    symbol: symbolRead,
    seq: seqRead,
    name: readString(),
    baseAsset: readInt() as AssetId,
    quoteAsset: readInt() as AssetId,
    priceDecimals: readInt(),
    quantityDecimals: readInt(),
    tickDecimal: readString(),
    lotDecimal: readString(),
    quoteUnitsPerTickLot: readLong(),
    baseUnitsPerLot: readLong(),
    minPriceTicks: readLong() as PriceTicks,
    maxPriceTicks: readLong() as PriceTicks,
    minQuantityLots: readLong() as QuantityLots,
    maxQuantityLots: readLong() as QuantityLots,
    minNotionalAmount: readLong() as Amount,
    maxNotionalAmount: readLong() as Amount,
    bandPpm: readInt() as RatePpm,
    feeSchedule: readString(),
    defaultSelfTradeMode: enumSymbols.SelfTradeMode[readIndex(5, 'enum')] as SelfTradeMode,
    allowedSelfTradeModes: readInt(),
    maxRestingOrders: readInt(),
    openingState: enumSymbols.TradingState[readIndex(8, 'enum')] as TradingState,
    version: readInt(),
  };
}

function refillSymbolConfig(envelope: Envelope, record: Writable<SymbolConfig>): void {
  readEnvelope(envelope);
  record.symbol = symbolRead;
  record.seq = seqRead;
  record.name = readString();
  record.baseAsset = readInt() as AssetId;
  record.quoteAsset = readInt() as AssetId;
  record.priceDecimals = readInt();
  record.quantityDecimals = readInt();
  record.tickDecimal = readString();
  record.lotDecimal = readString();
  record.quoteUnitsPerTickLot = readLong();
  record.baseUnitsPerLot = readLong();
  record.minPriceTicks = readLong() as PriceTicks;
  record.maxPriceTicks = readLong() as PriceTicks;
  record.minQuantityLots = readLong() as QuantityLots;
  record.maxQuantityLots = readLong() as QuantityLots;
  record.minNotionalAmount = readLong() as Amount;
  record.maxNotionalAmount = readLong() as Amount;
  record.bandPpm = readInt() as RatePpm;
  record.feeSchedule = readString();
  record.defaultSelfTradeMode = enumSymbols.SelfTradeMode[readIndex(5, 'enum')] as SelfTradeMode;
  record.allowedSelfTradeModes = readInt();
  record.maxRestingOrders = readInt();
  record.openingState = enumSymbols.TradingState[readIndex(8, 'enum')] as TradingState;
  record.version = readInt();
}

function boundOfSymbolConfig(record: SymbolConfig): number {
  return 192 + record.name.length * 3 + record.tickDecimal.length * 3 + record.lotDecimal.length * 3 + record.feeSchedule.length * 3;
}

function encodeTick(envelope: Envelope, record: Tick, bytes: Uint8Array, start: number): number {
  bytes[start] = 0xc3;
  bytes[start + 1] = 0x01;
  bytes[start + 2] = 0x9f;
  bytes[start + 3] = 0x07;
  bytes[start + 4] = 0xd8;
  bytes[start + 5] = 0x27;
  bytes[start + 6] = 0x98;
  bytes[start + 7] = 0x67;
  bytes[start + 8] = 0x1e;
  bytes[start + 9] = 0x31;
  let at = writeEnvelope(bytes, start + 10, envelope, record.symbol, record.seq);
  if ((record.number & 63) === record.number) bytes[at++] = record.number << 1;
  else at = writeLong(bytes, at, record.number);
  return at;
}

function decodeTick(envelope: Envelope): Tick {
  readEnvelope(envelope);
  return {
    type: 'tick',
    symbol: symbolRead,
    seq: seqRead,
    number: readLong(),
  };
}

function refillTick(envelope: Envelope, record: Writable<Tick>): void {
  readEnvelope(envelope);
  record.symbol = symbolRead;
  record.seq = seqRead;
  record.number = readLong();
}

function boundOfTick(_record: Tick): number {
  return 74;
}

function encodeTicker(envelope: Envelope, record: Ticker, bytes: Uint8Array, start: number): number {
  bytes[start] = 0xc3;
  bytes[start + 1] = 0x01;
  bytes[start + 2] = 0x9f;
  bytes[start + 3] = 0x35;
  bytes[start + 4] = 0xa0;
  bytes[start + 5] = 0x45;
  bytes[start + 6] = 0x2e;
  bytes[start + 7] = 0xc7;
  bytes[start + 8] = 0x03;
  bytes[start + 9] = 0x0e;
  let at = writeEnvelope(bytes, start + 10, envelope, record.symbol, record.seq);
  if ((record.lastPriceTicks & 63) === record.lastPriceTicks) bytes[at++] = record.lastPriceTicks << 1;
  else at = writeLong(bytes, at, record.lastPriceTicks);
  if ((record.bestBidPriceTicks & 63) === record.bestBidPriceTicks) bytes[at++] = record.bestBidPriceTicks << 1;
  else at = writeLong(bytes, at, record.bestBidPriceTicks);
  if ((record.bestBidLots & 63) === record.bestBidLots) bytes[at++] = record.bestBidLots << 1;
  else at = writeLong(bytes, at, record.bestBidLots);
  if ((record.bestAskPriceTicks & 63) === record.bestAskPriceTicks) bytes[at++] = record.bestAskPriceTicks << 1;
  else at = writeLong(bytes, at, record.bestAskPriceTicks);
  if ((record.bestAskLots & 63) === record.bestAskLots) bytes[at++] = record.bestAskLots << 1;
  else at = writeLong(bytes, at, record.bestAskLots);
  if ((record.openPriceTicks & 63) === record.openPriceTicks) bytes[at++] = record.openPriceTicks << 1;
  else at = writeLong(bytes, at, record.openPriceTicks);
  if ((record.highPriceTicks & 63) === record.highPriceTicks) bytes[at++] = record.highPriceTicks << 1;
  else at = writeLong(bytes, at, record.highPriceTicks);
  if ((record.lowPriceTicks & 63) === record.lowPriceTicks) bytes[at++] = record.lowPriceTicks << 1;
  else at = writeLong(bytes, at, record.lowPriceTicks);
  if ((record.baseLots & 63) === record.baseLots) bytes[at++] = record.baseLots << 1;
  else at = writeLong(bytes, at, record.baseLots);
  at = writeWide(bytes, at, record.quoteAmount);
  if ((record.tradeCount & 63) === record.tradeCount) bytes[at++] = record.tradeCount << 1;
  else at = writeLong(bytes, at, record.tradeCount);
  if ((record.opensAt & 63) === record.opensAt) bytes[at++] = record.opensAt << 1;
  else at = writeLong(bytes, at, record.opensAt);
  return at;
}

function decodeTicker(envelope: Envelope): Ticker {
  readEnvelope(envelope);
  return {
    type: 'ticker',
    symbol: symbolRead,
    seq: seqRead,
    lastPriceTicks: readLong() as PriceTicks,
    bestBidPriceTicks: readLong() as PriceTicks,
    bestBidLots: readLong() as QuantityLots,
    bestAskPriceTicks: readLong() as PriceTicks,
    bestAskLots: readLong() as QuantityLots,
    openPriceTicks: readLong() as PriceTicks,
    highPriceTicks: readLong() as PriceTicks,
    lowPriceTicks: readLong() as PriceTicks,
    baseLots: readLong() as QuantityLots,
    quoteAmount: readWide(),
    tradeCount: readLong(),
    opensAt: readLong() as Micros,
  };
}

function refillTicker(envelope: Envelope, record: Writable<Ticker>): void {
  readEnvelope(envelope);
  record.symbol = symbolRead;
  record.seq = seqRead;
  record.lastPriceTicks = readLong() as PriceTicks;
  record.bestBidPriceTicks = readLong() as PriceTicks;
  record.bestBidLots = readLong() as QuantityLots;
  record.bestAskPriceTicks = readLong() as PriceTicks;
  record.bestAskLots = readLong() as QuantityLots;
  record.openPriceTicks = readLong() as PriceTicks;
  record.highPriceTicks = readLong() as PriceTicks;
  record.lowPriceTicks = readLong() as PriceTicks;
  record.baseLots = readLong() as QuantityLots;
  record.quoteAmount = readWide();
  record.tradeCount = readLong();
  record.opensAt = readLong() as Micros;
}

function boundOfTicker(_record: Ticker): number {
  return 164;
}

function encodeTopOfBook(envelope: Envelope, record: TopOfBook, bytes: Uint8Array, start: number): number {
  bytes[start] = 0xc3;
  bytes[start + 1] = 0x01;
  bytes[start + 2] = 0x0b;
  bytes[start + 3] = 0x70;
  bytes[start + 4] = 0xb2;
  bytes[start + 5] = 0x53;
  bytes[start + 6] = 0x78;
  bytes[start + 7] = 0x0c;
  bytes[start + 8] = 0x80;
  bytes[start + 9] = 0x31;
  let at = writeEnvelope(bytes, start + 10, envelope, record.symbol, record.seq);
  if ((record.bestBidPriceTicks & 63) === record.bestBidPriceTicks) bytes[at++] = record.bestBidPriceTicks << 1;
  else at = writeLong(bytes, at, record.bestBidPriceTicks);
  if ((record.bestBidLots & 63) === record.bestBidLots) bytes[at++] = record.bestBidLots << 1;
  else at = writeLong(bytes, at, record.bestBidLots);
  if ((record.bestAskPriceTicks & 63) === record.bestAskPriceTicks) bytes[at++] = record.bestAskPriceTicks << 1;
  else at = writeLong(bytes, at, record.bestAskPriceTicks);
  if ((record.bestAskLots & 63) === record.bestAskLots) bytes[at++] = record.bestAskLots << 1;
  else at = writeLong(bytes, at, record.bestAskLots);
  if ((record.bidDepthLots & 63) === record.bidDepthLots) bytes[at++] = record.bidDepthLots << 1;
  else at = writeLong(bytes, at, record.bidDepthLots);
  if ((record.askDepthLots & 63) === record.askDepthLots) bytes[at++] = record.askDepthLots << 1;
  else at = writeLong(bytes, at, record.askDepthLots);
  return at;
}

function decodeTopOfBook(envelope: Envelope): TopOfBook {
  readEnvelope(envelope);
  return {
    type: 'top_of_book',
    symbol: symbolRead,
    seq: seqRead,
    bestBidPriceTicks: readLong() as PriceTicks,
    bestBidLots: readLong() as QuantityLots,
    bestAskPriceTicks: readLong() as PriceTicks,
    bestAskLots: readLong() as QuantityLots,
    bidDepthLots: readLong() as QuantityLots,
    askDepthLots: readLong() as QuantityLots,
  };
}

function refillTopOfBook(envelope: Envelope, record: Writable<TopOfBook>): void {
  readEnvelope(envelope);
  record.symbol = symbolRead;
  record.seq = seqRead;
  record.bestBidPriceTicks = readLong() as PriceTicks;
  record.bestBidLots = readLong() as QuantityLots;
  record.bestAskPriceTicks = readLong() as PriceTicks;
  record.bestAskLots = readLong() as QuantityLots;
  record.bidDepthLots = readLong() as QuantityLots;
  record.askDepthLots = readLong() as QuantityLots;
}

function boundOfTopOfBook(_record: TopOfBook): number {
  return 114;
}

function encodeTrade(envelope: Envelope, record: Trade, bytes: Uint8Array, start: number): number {
  bytes[start] = 0xc3;
  bytes[start + 1] = 0x01;
  bytes[start + 2] = 0xaf;
  bytes[start + 3] = 0x72;
  bytes[start + 4] = 0x3f;
  bytes[start + 5] = 0x5b;
  bytes[start + 6] = 0xdc;
  bytes[start + 7] = 0x1e;
  bytes[start + 8] = 0x78;
  bytes[start + 9] = 0x00;
  let at = writeEnvelope(bytes, start + 10, envelope, record.symbol, record.seq);
  if ((record.priceTicks & 63) === record.priceTicks) bytes[at++] = record.priceTicks << 1;
  else at = writeLong(bytes, at, record.priceTicks);
  if ((record.quantityLots & 63) === record.quantityLots) bytes[at++] = record.quantityLots << 1;
  else at = writeLong(bytes, at, record.quantityLots);
  if ((record.quoteAmount & 63) === record.quoteAmount) bytes[at++] = record.quoteAmount << 1;
  else at = writeLong(bytes, at, record.quoteAmount);
  at = writeSide(bytes, at, record.takerSide);
  if ((record.takerOrderId & 63) === record.takerOrderId) bytes[at++] = record.takerOrderId << 1;
  else at = writeLong(bytes, at, record.takerOrderId);
  if ((record.makerOrderId & 63) === record.makerOrderId) bytes[at++] = record.makerOrderId << 1;
  else at = writeLong(bytes, at, record.makerOrderId);
  if ((record.takerAccount & 63) === record.takerAccount) bytes[at++] = record.takerAccount << 1;
  else at = writeLong(bytes, at, record.takerAccount);
  if ((record.makerAccount & 63) === record.makerAccount) bytes[at++] = record.makerAccount << 1;
  else at = writeLong(bytes, at, record.makerAccount);
  if ((record.takerCumulativeLots & 63) === record.takerCumulativeLots) bytes[at++] = record.takerCumulativeLots << 1;
  else at = writeLong(bytes, at, record.takerCumulativeLots);
  if ((record.takerOpenLots & 63) === record.takerOpenLots) bytes[at++] = record.takerOpenLots << 1;
  else at = writeLong(bytes, at, record.takerOpenLots);
  if ((record.makerCumulativeLots & 63) === record.makerCumulativeLots) bytes[at++] = record.makerCumulativeLots << 1;
  else at = writeLong(bytes, at, record.makerCumulativeLots);
  if ((record.makerOpenLots & 63) === record.makerOpenLots) bytes[at++] = record.makerOpenLots << 1;
  else at = writeLong(bytes, at, record.makerOpenLots);
  at = writeBoolean(bytes, at, record.auction);
  return at;
}

function decodeTrade(envelope: Envelope): Trade {
  readEnvelope(envelope);
  return {
    type: 'trade',
    symbol: symbolRead,
    seq: seqRead,
    priceTicks: readLong() as PriceTicks,
    quantityLots: readLong() as QuantityLots,
    quoteAmount: readLong() as Amount,
    takerSide: enumSymbols.Side[readIndex(2, 'enum')] as Side,
    takerOrderId: readLong() as OrderId,
    makerOrderId: readLong() as OrderId,
    takerAccount: readLong() as AccountId,
    makerAccount: readLong() as AccountId,
    takerCumulativeLots: readLong() as QuantityLots,
    takerOpenLots: readLong() as QuantityLots,
    makerCumulativeLots: readLong() as QuantityLots,
    makerOpenLots: readLong() as QuantityLots,
    auction: readBoolean(),
  };
}

function refillTrade(envelope: Envelope, record: Writable<Trade>): void {
  readEnvelope(envelope);
  record.symbol = symbolRead;
  record.seq = seqRead;
  record.priceTicks = readLong() as PriceTicks;
  record.quantityLots = readLong() as QuantityLots;
  record.quoteAmount = readLong() as Amount;
  record.takerSide = enumSymbols.Side[readIndex(2, 'enum')] as Side;
  record.takerOrderId = readLong() as OrderId;
  record.makerOrderId = readLong() as OrderId;
  record.takerAccount = readLong() as AccountId;
  record.makerAccount = readLong() as AccountId;
  record.takerCumulativeLots = readLong() as QuantityLots;
  record.takerOpenLots = readLong() as QuantityLots;
  record.makerCumulativeLots = readLong() as QuantityLots;
  record.makerOpenLots = readLong() as QuantityLots;
  record.auction = readBoolean();
}

function boundOfTrade(_record: Trade): number {
  return 156;
}

function encodeWithdraw(envelope: Envelope, record: Withdraw, bytes: Uint8Array, start: number): number {
  bytes[start] = 0xc3;
  bytes[start + 1] = 0x01;
  bytes[start + 2] = 0xd9;
  bytes[start + 3] = 0x1c;
  bytes[start + 4] = 0xa1;
  bytes[start + 5] = 0xdb;
  bytes[start + 6] = 0x81;
  bytes[start + 7] = 0x43;
  bytes[start + 8] = 0xf2;
  bytes[start + 9] = 0xac;
  let at = writeEnvelope(bytes, start + 10, envelope, record.symbol, record.seq);
  if ((record.account & 63) === record.account) bytes[at++] = record.account << 1;
  else at = writeLong(bytes, at, record.account);
  if ((record.asset & 63) === record.asset) bytes[at++] = record.asset << 1;
  else at = writeInt(bytes, at, record.asset);
  if ((record.amount & 63) === record.amount) bytes[at++] = record.amount << 1;
  else at = writeLong(bytes, at, record.amount);
  at = writeString(bytes, at, record.withdrawalId);
  return at;
}

function decodeWithdraw(envelope: Envelope): Withdraw {
  readEnvelope(envelope);
  return {
    type: 'withdraw',
    symbol: symbolRead,
    seq: seqRead,
    account: readLong() as AccountId,
    asset: readInt() as AssetId,
    amount: readLong() as Amount,
    withdrawalId: readString(),
  };
}

function refillWithdraw(envelope: Envelope, record: Writable<Withdraw>): void {
  readEnvelope(envelope);
  record.symbol = symbolRead;
  record.seq = seqRead;
  record.account = readLong() as AccountId;
  record.asset = readInt() as AssetId;
  record.amount = readLong() as Amount;
  record.withdrawalId = readString();
}

function boundOfWithdraw(record: Withdraw): number {
  return 92 + record.withdrawalId.length * 3;
}

/** Codec of one record type. `bound` is the most bytes this record may take, without the traceparent. */
export interface RecordCodec {
  readonly type: RecordType;
  readonly fingerprint: string;
  readonly encode: (envelope: Envelope, record: AnyRecord, bytes: Uint8Array, start: number) => number;
  readonly decode: (envelope: Envelope) => AnyRecord;
  /** As `decode`, into a record of this type that nobody needs any more. */
  readonly refill: (envelope: Envelope, record: AnyRecord) => void;
  readonly bound: (record: AnyRecord) => number;
}

type Writable<R> = { -readonly [N in keyof R]: R[N] };

function codec<R extends AnyRecord>(
  type: R['type'],
  fingerprint: string,
  encode: (envelope: Envelope, record: R, bytes: Uint8Array, start: number) => number,
  decode: (envelope: Envelope) => R,
  refill: (envelope: Envelope, record: Writable<R>) => void,
  bound: (record: R) => number,
): RecordCodec {
  return { type, fingerprint, encode: encode as never, decode, refill: refill as never, bound: bound as never };
}

export const recordCodecs: readonly RecordCodec[] = [
  codec('accepted', '4627250a0bfbed9e', encodeAccepted, decodeAccepted, refillAccepted, boundOfAccepted),
  codec('account_changed', '45f3532abb0c619a', encodeAccountChanged, decodeAccountChanged, refillAccountChanged, boundOfAccountChanged),
  codec('adjust', 'b81efdd831f0f748', encodeAdjust, decodeAdjust, refillAdjust, boundOfAdjust),
  codec('admin', 'ad55495dc805bd92', encodeAdmin, decodeAdmin, refillAdmin, boundOfAdmin),
  codec('admission_config', '426a8be840167199', encodeAdmissionConfig, decodeAdmissionConfig, refillAdmissionConfig, boundOfAdmissionConfig),
  codec('admitted_amend', 'c4ab2fbe35c6c19c', encodeAdmittedAmend, decodeAdmittedAmend, refillAdmittedAmend, boundOfAdmittedAmend),
  codec('admitted_cancel', '42ff009eae0bc0e9', encodeAdmittedCancel, decodeAdmittedCancel, refillAdmittedCancel, boundOfAdmittedCancel),
  codec('admitted_cancel_all', '4445b0357a47a836', encodeAdmittedCancelAll, decodeAdmittedCancelAll, refillAdmittedCancelAll, boundOfAdmittedCancelAll),
  codec('admitted_place', '68f944bbfa50180c', encodeAdmittedPlace, decodeAdmittedPlace, refillAdmittedPlace, boundOfAdmittedPlace),
  codec('amend', 'cc142f302638d1a6', encodeAmend, decodeAmend, refillAmend, boundOfAmend),
  codec('amended', '450de4da8b4e3032', encodeAmended, decodeAmended, refillAmended, boundOfAmended),
  codec('asset_config', 'da38739dad8ec803', encodeAssetConfig, decodeAssetConfig, refillAssetConfig, boundOfAssetConfig),
  codec('auction_indicative', '2174265d06a55df4', encodeAuctionIndicative, decodeAuctionIndicative, refillAuctionIndicative, boundOfAuctionIndicative),
  codec('balance_change', 'cff0c31792a647d3', encodeBalanceChange, decodeBalanceChange, refillBalanceChange, boundOfBalanceChange),
  codec('book_delta', 'da131d54b4429dbc', encodeBookDelta, decodeBookDelta, refillBookDelta, boundOfBookDelta),
  codec('cancel', '41bcdc88066606f4', encodeCancel, decodeCancel, refillCancel, boundOfCancel),
  codec('cancel_all', '57a25e8d8fa124de', encodeCancelAll, decodeCancelAll, refillCancelAll, boundOfCancelAll),
  codec('cancel_all_done', 'f895f0e0fafe8652', encodeCancelAllDone, decodeCancelAllDone, refillCancelAllDone, boundOfCancelAllDone),
  codec('cancel_all_taken', 'ab438dc8dcb69c5b', encodeCancelAllTaken, decodeCancelAllTaken, refillCancelAllTaken, boundOfCancelAllTaken),
  codec('cancelled', '3197ac1435851598', encodeCancelled, decodeCancelled, refillCancelled, boundOfCancelled),
  codec('candle', 'efb002fd199487c7', encodeCandle, decodeCandle, refillCandle, boundOfCandle),
  codec('checkpoint', '1af5887b41178861', encodeCheckpoint, decodeCheckpoint, refillCheckpoint, boundOfCheckpoint),
  codec('deposit', '28d218e2efa32ae7', encodeDeposit, decodeDeposit, refillDeposit, boundOfDeposit),
  codec('entry', 'f224c9fa39a73107', encodeEntry, decodeEntry, refillEntry, boundOfEntry),
  codec('execution', 'b1614c1639167030', encodeExecution, decodeExecution, refillExecution, boundOfExecution),
  codec('fee_config', '7498d20300d36091', encodeFeeConfig, decodeFeeConfig, refillFeeConfig, boundOfFeeConfig),
  codec('fill', '9139db85fb0eac4c', encodeFill, decodeFill, refillFill, boundOfFill),
  codec('hold', '3673da2959d54074', encodeHold, decodeHold, refillHold, boundOfHold),
  codec('key_revocation', '689a0e9277672446', encodeKeyRevocation, decodeKeyRevocation, refillKeyRevocation, boundOfKeyRevocation),
  codec('limit_config', '62ffcdc567214991', encodeLimitConfig, decodeLimitConfig, refillLimitConfig, boundOfLimitConfig),
  codec('market_state', '3610ae52616a529e', encodeMarketState, decodeMarketState, refillMarketState, boundOfMarketState),
  codec('order_amended', '6b177cf9ff8c60d2', encodeOrderAmended, decodeOrderAmended, refillOrderAmended, boundOfOrderAmended),
  codec('order_update', 'f91b36401b94189a', encodeOrderUpdate, decodeOrderUpdate, refillOrderUpdate, boundOfOrderUpdate),
  codec('place', 'b1b851e96300b82d', encodePlace, decodePlace, refillPlace, boundOfPlace),
  codec('prevented_match', 'f21aa4150869825a', encodePreventedMatch, decodePreventedMatch, refillPreventedMatch, boundOfPreventedMatch),
  codec('reference_price', '18266e684ccc9a4a', encodeReferencePrice, decodeReferencePrice, refillReferencePrice, boundOfReferencePrice),
  codec('rejected', 'dcee6c2accd1a388', encodeRejected, decodeRejected, refillRejected, boundOfRejected),
  codec('release', '39d1215d9b8f7b85', encodeRelease, decodeRelease, refillRelease, boundOfRelease),
  codec('repeated', '917961da9c744ed8', encodeRepeated, decodeRepeated, refillRepeated, boundOfRepeated),
  codec('symbol_config', '7eb24cb9c332a9a8', encodeSymbolConfig, decodeSymbolConfig, refillSymbolConfig, boundOfSymbolConfig),
  codec('tick', '9f07d82798671e31', encodeTick, decodeTick, refillTick, boundOfTick),
  codec('ticker', '9f35a0452ec7030e', encodeTicker, decodeTicker, refillTicker, boundOfTicker),
  codec('top_of_book', '0b70b253780c8031', encodeTopOfBook, decodeTopOfBook, refillTopOfBook, boundOfTopOfBook),
  codec('trade', 'af723f5bdc1e7800', encodeTrade, decodeTrade, refillTrade, boundOfTrade),
  codec('withdraw', 'd91ca1db8143f2ac', encodeWithdraw, decodeWithdraw, refillWithdraw, boundOfWithdraw),
];
