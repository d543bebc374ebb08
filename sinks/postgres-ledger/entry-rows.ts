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
const TWO_MINUS_32 = 2 ** -32;
/** The length of a field that is NULL. */
const NULL = -1;
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
    let at = put2(bytes, FIELDS, this.#at);
    at = putInt8(bytes, entry.entryId, at);
    at = putInt8(bytes, entry.firstSequence, at);
    at = putInt8(bytes, entry.lastSequence, at);
    at = putInt8(bytes, entry.movedAt, at);
    at = entry.commandId === 0 ? put4(bytes, NULL, at) : putInt8(bytes, entry.commandId, at);
    at = entry.tradeId === 0 ? put4(bytes, NULL, at) : putInt8(bytes, entry.tradeId, at);
    at = entry.tradeSymbol === 0 ? put4(bytes, NULL, at) : put4(bytes, entry.tradeSymbol, put4(bytes, 4, at));
    at = put2(bytes, entry.accountPartition, put4(bytes, 2, at));
    at = put4(bytes, 1, at);
    bytes[at++] = kindCodes[entry.kind]!;
    at = putArrayHead(bytes, at, count, INT8_OID, 8);
    for (let index = 0; index < count; index++) at = putInt8(bytes, postings[index]!.account, at);
    at = putArrayHead(bytes, at, count, CHAR_OID, 1);
    for (let index = 0; index < count; index++) {
      at = put4(bytes, 1, at);
      bytes[at++] = ledgerAccountCodes[postings[index]!.ledgerAccount]!;
    }
    at = putArrayHead(bytes, at, count, INT2_OID, 2);
    for (let index = 0; index < count; index++) {
      const asset = postings[index]!.asset;
      assert(asset <= ASSET_MAX, 'the ledger has room for 32,767 assets');
      at = put2(bytes, asset, put4(bytes, 2, at));
    }
    at = putArrayHead(bytes, at, count, INT8_OID, 8);
    for (let index = 0; index < count; index++) at = putInt8(bytes, postings[index]!.amount, at);
    at = entry.reverses === 0 ? put4(bytes, NULL, at) : putInt8(bytes, entry.reverses, at);
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

function put2(bytes: Uint8Array, value: number, at: number): number {
  bytes[at] = value >> 8;
  bytes[at + 1] = value;
  return at + 2;
}

function put4(bytes: Uint8Array, value: number, at: number): number {
  bytes[at] = value >> 24;
  bytes[at + 1] = value >> 16;
  bytes[at + 2] = value >> 8;
  bytes[at + 3] = value;
  return at + 4;
}

/** Length and value of a safe integer; the high word by floor, so that negative ones come out as two's complement. */
function putInt8(bytes: Uint8Array, value: number, at: number): number {
  const high = Math.floor(value * TWO_MINUS_32);
  put4(bytes, 8, at);
  put4(bytes, high, at + 4);
  return put4(bytes, (value - high * TWO_32) | 0, at + 8);
}

/** Empty texts are NULL. PostgreSQL's texts hold no U+0000, and settlement must not stop at somebody's reason. */
function putText(bytes: Buffer, text: string, at: number): number {
  if (text === '') return put4(bytes, NULL, at);
  const length = bytes.write(text.includes('\0') ? text.replaceAll('\0', '\ufffd') : text, at + 4, 'utf8');
  put4(bytes, length, at);
  return at + 4 + length;
}

function putArrayHead(
  bytes: Uint8Array,
  start: number,
  count: number,
  elementOid: number,
  elementBytes: number,
): number {
  put4(bytes, 20 + count * (4 + elementBytes), start);
  put4(bytes, 1, start + 4);
  put4(bytes, 0, start + 8);
  put4(bytes, elementOid, start + 12);
  put4(bytes, count, start + 16);
  return put4(bytes, 1, start + 20);
}

function codesOf(letters: { readonly [name: string]: string }): { readonly [name: string]: number } {
  return Object.fromEntries(Object.entries(letters).map(([name, letter]) => [name, letter.charCodeAt(0)]));
}
