/**
 * Entries as rows of `ledger.entries` in PostgreSQL's binary COPY format: signature, flags, header extension; then per
 * row a 16-bit field count and per field a 32-bit length (-1: NULL) and the value as the type's `recv` wants it, all
 * big-endian; arrays as dimensions, null flag, element type, length, lower bound, then the elements, each with a length.
 * Source: PostgreSQL documentation, "COPY, Binary Format", and array_recv.
 */
import { assert } from '../../schemas/assert.ts';
import type { Entry, EntryKind, LedgerAccount } from '../../schemas/generated/records.ts';

export const COPY_ENTRIES =
  'COPY ledger.entries (entry_id, first_sequence, last_sequence, moved_at, command_id, trade_id, trade_symbol, ' +
  'account_partition, kind, accounts, ledger_accounts, assets, amounts, reverses, reference, reason) ' +
  'FROM STDIN (FORMAT binary)';

/** Letters of the column `kind`. */
export const kindLetters: { readonly [Kind in EntryKind]: string } = {
  trade: 't',
  hold: 'h',
  deposit: 'd',
  withdrawal: 'w',
  adjustment: 'a',
  reversal: 'r',
};
/** Letters of the column `ledger_accounts`. */
export const ledgerAccountLetters: { readonly [Account in LedgerAccount]: string } = {
  available: 'a',
  hold: 'h',
  fees: 'f',
  clearing: 'c',
  outside: 'o',
};

const FIELDS = 16;
const INT8_OID = 20;
const INT2_OID = 21;
const CHAR_OID = 18;
const SIGNATURE = Buffer.from('PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0', 'latin1');
const ASSET_MAX = 32_767;
const TWO_32 = 2 ** 32;
/** Bytes of a row without its texts and postings, at most. */
const ROW_BYTES_MAX = 2 + FIELDS * 4 + 6 * 8 + 4 + 2 + 1 + 8 + 4 * 20;
/** Bytes of one posting in the four arrays. */
const POSTING_BYTES = 12 + 5 + 6 + 12;

const kindCodes = codesOf(kindLetters);
const ledgerAccountCodes = codesOf(ledgerAccountLetters);

/** A growing buffer that is filled again for each block. */
export class EntryRows {
  #bytes = Buffer.allocUnsafe(1 << 20);
  #at = 0;
  #rows = 0;

  get rows(): number {
    return this.#rows;
  }

  begin(): void {
    SIGNATURE.copy(this.#bytes, 0);
    this.#at = SIGNATURE.length;
    this.#rows = 0;
  }

  add(entry: Entry): void {
    const postings = entry.postings;
    const count = postings.length;
    // A code unit of UTF-16 becomes three bytes of UTF-8 at most.
    const texts = (entry.reference.length + entry.reason.length) * 3;
    this.#reserve(ROW_BYTES_MAX + POSTING_BYTES * count + texts);
    const bytes = this.#bytes;
    let at = bytes.writeInt16BE(FIELDS, this.#at);
    at = putInt8(bytes, entry.entryId, at);
    at = putInt8(bytes, entry.firstSequence, at);
    at = putInt8(bytes, entry.lastSequence, at);
    at = putInt8(bytes, entry.movedAt, at);
    at = entry.commandId === 0 ? putNull(bytes, at) : putInt8(bytes, entry.commandId, at);
    at = entry.tradeId === 0 ? putNull(bytes, at) : putInt8(bytes, entry.tradeId, at);
    if (entry.tradeSymbol === 0) at = putNull(bytes, at);
    else at = bytes.writeInt32BE(entry.tradeSymbol, bytes.writeInt32BE(4, at));
    at = bytes.writeInt16BE(entry.accountPartition, bytes.writeInt32BE(2, at));
    at = bytes.writeInt32BE(1, at);
    bytes[at++] = kindCodes[entry.kind]!;
    at = putArrayHead(bytes, at, count, INT8_OID, 8);
    for (let index = 0; index < count; index++) at = putInt8(bytes, postings[index]!.account, at);
    at = putArrayHead(bytes, at, count, CHAR_OID, 1);
    for (let index = 0; index < count; index++) {
      at = bytes.writeInt32BE(1, at);
      bytes[at++] = ledgerAccountCodes[postings[index]!.ledgerAccount]!;
    }
    at = putArrayHead(bytes, at, count, INT2_OID, 2);
    for (let index = 0; index < count; index++) {
      const asset = postings[index]!.asset;
      assert(asset <= ASSET_MAX, 'the ledger has room for 32,767 assets');
      at = bytes.writeInt16BE(asset, bytes.writeInt32BE(2, at));
    }
    at = putArrayHead(bytes, at, count, INT8_OID, 8);
    for (let index = 0; index < count; index++) at = putInt8(bytes, postings[index]!.amount, at);
    at = entry.reverses === 0 ? putNull(bytes, at) : putInt8(bytes, entry.reverses, at);
    at = putText(bytes, entry.reference, at);
    this.#at = putText(bytes, entry.reason, at);
    this.#rows++;
  }

  /** The bytes so far with the end mark; valid until the next `begin`. */
  end(): Uint8Array {
    this.#reserve(2);
    return this.#bytes.subarray(0, this.#bytes.writeInt16BE(-1, this.#at));
  }

  #reserve(bytes: number): void {
    if (this.#at + bytes <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#at + bytes));
    this.#bytes.copy(grown, 0, 0, this.#at);
    this.#bytes = grown;
  }
}

/** Length and value of a safe integer; the high word by floor, so that negative ones come out as two's complement. */
function putInt8(bytes: Buffer, value: number, at: number): number {
  const high = Math.floor(value / TWO_32);
  const low = value - high * TWO_32;
  bytes[at] = 0;
  bytes[at + 1] = 0;
  bytes[at + 2] = 0;
  bytes[at + 3] = 8;
  bytes[at + 4] = high >> 24;
  bytes[at + 5] = high >> 16;
  bytes[at + 6] = high >> 8;
  bytes[at + 7] = high;
  bytes[at + 8] = low >>> 24;
  bytes[at + 9] = low >>> 16;
  bytes[at + 10] = low >>> 8;
  bytes[at + 11] = low;
  return at + 12;
}

function putNull(bytes: Buffer, at: number): number {
  return bytes.writeInt32BE(-1, at);
}

/** Empty texts are NULL. PostgreSQL's texts hold no U+0000, and settlement must not stop at somebody's reason. */
function putText(bytes: Buffer, text: string, at: number): number {
  if (text === '') return putNull(bytes, at);
  const length = bytes.write(text.includes('\0') ? text.replaceAll('\0', '\ufffd') : text, at + 4, 'utf8');
  bytes.writeInt32BE(length, at);
  return at + 4 + length;
}

function putArrayHead(bytes: Buffer, start: number, count: number, elementOid: number, elementBytes: number): number {
  let at = bytes.writeInt32BE(20 + count * (4 + elementBytes), start);
  at = bytes.writeInt32BE(1, at);
  at = bytes.writeInt32BE(0, at);
  at = bytes.writeInt32BE(elementOid, at);
  at = bytes.writeInt32BE(count, at);
  return bytes.writeInt32BE(1, at);
}

function codesOf(letters: { readonly [name: string]: string }): { readonly [name: string]: number } {
  return Object.fromEntries(Object.entries(letters).map(([name, letter]) => [name, letter.charCodeAt(0)]));
}
