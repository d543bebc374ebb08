/** The order that is being written, and what the exchange said about it. */
import { decimalOfUnits } from '../../../schemas/decimal.ts';
import type { ClientError } from '../../client/errors.ts';
import { withoutZeros } from '../format/numbers.ts';
import type { SymbolRules } from '../format/symbol-rules.ts';
import { settings } from '../stores/settings.ts';
import { Store } from '../stores/store.ts';
import type { FieldName, TicketFields } from './ticket-order.ts';

export interface DraftFault {
  readonly field: FieldName | undefined;
  readonly message: string;
}

class DraftStore extends Store {
  fields: TicketFields = {
    side: 'buy',
    kind: 'limit',
    price: '',
    size: '',
    sizeIn: settings.now.sizeIn,
    timeInForce: 'gtc',
    postOnly: false,
    expiresAt: '',
  };
  /** Somebody typed a price: the best one does not follow the book any more. */
  priceTouched = false;
  fault: DraftFault | undefined;
  /** One a written order: sent again, it is the same order. */
  clientOrderId = newClientOrderId();
  sending = false;
  /** The summary is looked at: the next Enter sends. */
  reviewing = false;
  /** On a phone, whether the ticket is up. */
  sheetUp = false;

  set(change: Partial<TicketFields>): void {
    this.fields = { ...this.fields, ...change };
    if (change.price !== undefined) this.priceTouched = true;
    this.#rewritten();
    if (change.sizeIn !== undefined) settings.set({ sizeIn: change.sizeIn });
    this.changedNow();
  }

  /** From a click in the book; `size` with it where it was asked for. */
  takeLevel(price: number, rules: SymbolRules, quantity?: number): void {
    const change: { -readonly [F in keyof TicketFields]?: TicketFields[F] } = {
      price: decimalOfUnits(price, rules.priceDecimals),
      kind: 'limit',
    };
    if (quantity !== undefined) {
      change.size = withoutZeros(decimalOfUnits(quantity, rules.quantityDecimals));
      change.sizeIn = 'base';
    }
    this.set(change);
  }

  /** Another symbol: its prices and sizes are not these. */
  begin(): void {
    this.fields = { ...this.fields, price: '', size: '' };
    this.priceTouched = false;
    this.#rewritten();
    this.changedNow();
  }

  review(reviewing: boolean): void {
    if (this.reviewing === reviewing) return;
    this.reviewing = reviewing;
    this.changedNow();
  }

  showSheet(up: boolean): void {
    this.sheetUp = up;
    this.changedNow();
  }

  sent(): void {
    this.sending = true;
    this.fault = undefined;
    this.changedNow();
  }

  /** It happened: what comes next is another order. */
  done(): void {
    this.sending = false;
    this.fields = { ...this.fields, size: '' };
    this.#rewritten();
    this.changedNow();
  }

  refused(error: ClientError, words: string): void {
    this.sending = false;
    this.reviewing = false;
    this.fault = { field: error.kind === 'refused' ? fieldOf(error.field) : undefined, message: words };
    // Refused: nothing happened, and the next try is another order. No answer: the next try must be the same one.
    if (error.kind === 'refused') this.clientOrderId = newClientOrderId();
    this.changedNow();
  }

  #rewritten(): void {
    this.fault = undefined;
    this.reviewing = false;
    this.clientOrderId = newClientOrderId();
  }
}

function fieldOf(field: string | undefined): FieldName | undefined {
  if (field === 'price' || field === 'expires_at') return field;
  return field === 'quantity' || field === 'budget' ? 'size' : undefined;
}

function newClientOrderId(): string {
  return `page-${[...crypto.getRandomValues(new Uint8Array(10))].map((byte) => byte.toString(16).padStart(2, '0')).join('')}`;
}

export const draft = new DraftStore();
