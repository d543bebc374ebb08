/** The ticket: what to buy or sell, what it will do, and what the exchange said. */
import { type FormEvent, type KeyboardEvent, type ReactNode, useId, useRef } from 'react';
import { decimalOfUnits } from '../../../schemas/decimal.ts';
import { accountDialog } from '../account/account-dialog.ts';
import { takePaperAccount } from '../account/take-account.ts';
import { cancelWords } from '../exchange/cancel-words.ts';
import { errorWords } from '../exchange/exchange.ts';
import { exchange } from '../exchange/the-exchange.ts';
import { dayAndTime } from '../format/instants.ts';
import { grouped, shortened, withoutZeros } from '../format/numbers.ts';
import { formatPrice, type SymbolRules, units } from '../format/symbol-rules.ts';
import { stateMeans, stateName, takesOrders } from '../market/market-states.ts';
import { notices } from '../shell/notices.ts';
import { settings } from '../stores/settings.ts';
import { useStore } from '../stores/store.ts';
import { draft } from './draft.ts';
import { amountBeforeFee, type Estimate, estimate, quantityAffordable, shareOfQuantity } from './estimate.ts';
import { orderSummary } from './order-summary.ts';
import { type FieldName, readTicket, type TicketFields, type TicketReading, unitName } from './ticket-order.ts';
import { amountOfDecimal, decimalOfAmount, formatAmount, shownDecimals } from './units-of-amount.ts';

const SHARES = [25, 50, 75, 100] as const;

export function Ticket() {
  const { rules } = useStore(exchange.selected);
  if (!rules) return <div className="ticket" />;
  return <TicketOf rules={rules} />;
}

function TicketOf({ rules }: { rules: SymbolRules }) {
  const { fields, fault, sending, reviewing, clientOrderId, priceTouched } = useStore(draft);
  const { live, standing } = useStore(exchange.connection);
  const { status, since } = useStore(exchange.status);
  const session = useStore(exchange.session);
  const rates = useStore(exchange.fees).of(rules.symbol);
  const { confirmOrders } = useStore(settings).now;
  useStore(exchange.book);
  useStore(exchange.account);
  const send = useRef<HTMLButtonElement>(null);
  const summaryId = useId();

  const shown = priceTouched || fields.price !== '' ? fields : { ...fields, price: suggestedPrice(fields, rules) };
  const reading = readTicket(shown, rules, Date.now());
  const stepRules = { ...rules, makerPpm: rates?.makerPpm ?? 0, takerPpm: rates?.takerPpm ?? 0 };
  const opposite = fields.side === 'buy' ? exchange.book.asks : exchange.book.bids;
  const result = reading.ok ? estimate(reading.order, opposite, stepRules) : undefined;
  const shownFault = fault ?? (reading.ok || !reading.field ? undefined : reading);
  const faultOf = (field: FieldName) => (shownFault?.field === field ? shownFault.message : undefined);
  const signedIn = session.state.phase === 'signed-in';
  const state = status?.state ?? 'trading';
  const open = takesOrders(state);

  const submit = async () => {
    if (!reading.ok || sending || !signedIn || !open) return;
    draft.sent();
    const outcome = await exchange.place({ ...reading.request, client_order_id: clientOrderId });
    if (!outcome.ok) draft.refused(outcome.error, errorWords(outcome.error));
    else if (outcome.value.status === 'rejected') {
      const words = `Refused: ${(outcome.value.reason ?? '').replaceAll('_', ' ')}.`;
      draft.refused({ kind: 'refused', code: outcome.value.reason ?? '', message: words }, words);
    } else {
      draft.done();
      draft.showSheet(false);
      tellPlaced(fields.side, outcome.value, rules);
    }
  };
  /** Enter in a field leads to the summary, Enter there sends. */
  const entered = (event: FormEvent) => {
    event.preventDefault();
    const fromButton = document.activeElement === send.current;
    if (!reading.ok) return;
    if (reviewing || (fromButton && !confirmOrders)) void submit();
    else {
      draft.review(true);
      send.current?.focus();
    }
  };
  const side = fields.side === 'buy' ? 'Buy' : 'Sell';
  return (
    <form className={`ticket ${fields.side}`} onSubmit={entered} noValidate aria-label="Ticket">
      <fieldset className="sides" aria-label="Side">
        {(['buy', 'sell'] as const).map((name) => (
          <button
            type="button"
            key={name}
            aria-pressed={fields.side === name}
            className={`side ${name}`}
            onClick={() => draft.set({ side: name })}
          >
            {name === 'buy' ? 'Buy' : 'Sell'} <kbd>{name === 'buy' ? 'B' : 'S'}</kbd>
          </button>
        ))}
      </fieldset>
      {open && state === 'trading' ? null : (
        <div className="notice ticket-state" role="status">
          <strong>
            {rules.symbol} is {stateName(state)}
          </strong>
          {status?.reason ? `: ${status.reason}` : ''}. {stateMeans(state)}
          {since ? <span className="muted"> Since {dayAndTime(since)} UTC.</span> : null}
          {status?.until ? <span className="muted"> Until {dayAndTime(status.until)} UTC.</span> : null}
          {status?.auction?.price ? (
            <span>
              {' '}
              Indicative price {grouped(status.auction.price)}, {grouped(withoutZeros(status.auction.matched))} would
              trade.
            </span>
          ) : null}
        </div>
      )}
      {live ? null : (
        <div className="notice ticket-state" role="status">
          Prices may be old: {standing.words}.
        </div>
      )}
      <fieldset className="segments kinds" aria-label="Kind of order">
        {(['limit', 'market'] as const).map((kind) => (
          <button
            type="button"
            key={kind}
            aria-pressed={fields.kind === kind}
            className="segment"
            onClick={() => draft.set({ kind })}
          >
            {kind === 'limit' ? 'Limit' : 'Market'}
          </button>
        ))}
      </fieldset>
      {fields.kind === 'limit' ? (
        <NumberField
          id="ticket-price"
          label={`Price in ${rules.quote}`}
          value={shown.price}
          fault={faultOf('price')}
          onChange={(price) => draft.set({ price })}
          onStep={(steps) => draft.set({ price: stepped(shown.price, steps * rules.tickUnits, rules.priceDecimals) })}
        />
      ) : (
        <p className="market-price muted">At the best prices there are, at once.</p>
      )}
      <NumberField
        id="ticket-size"
        label={
          fields.kind === 'market' && fields.sizeIn === 'quote'
            ? `Budget in ${rules.quote}`
            : `Size in ${unitName(fields, rules)}`
        }
        value={fields.size}
        fault={faultOf('size')}
        onChange={(size) => draft.set({ size })}
        onStep={(steps) => draft.set({ size: steppedSize(fields, steps, rules) })}
      >
        <button
          type="button"
          className="unit-switch"
          aria-label={`Size in ${fields.sizeIn === 'base' ? rules.quote : rules.base} instead`}
          onClick={() => draft.set(otherUnit(shown, result, rules))}
        >
          {unitName(fields, rules)} ⇄
        </button>
      </NumberField>
      <div className="shares">
        {SHARES.map((share) => (
          <button
            type="button"
            key={share}
            className="share"
            disabled={!signedIn}
            onClick={() => draft.set(shareOfBalance(shown, share, rules, stepRules.takerPpm))}
          >
            {share}%
          </button>
        ))}
      </div>
      <TimeInForceFields fields={fields} fault={faultOf('expires_at')} />
      <Figures rules={rules} fields={shown} reading={reading} result={result} feeKnown={rates !== undefined} />
      {shownFault && shownFault.field === undefined ? (
        <p className="reason" role="alert">
          {shownFault.message}
        </p>
      ) : null}
      {signedIn ? (
        <button
          type="submit"
          ref={send}
          className={`button ${fields.side} send`}
          disabled={!reading.ok || sending || !open}
          aria-describedby={summaryId}
        >
          {sending ? 'Sending…' : reviewing ? `Enter: ${side.toLowerCase()} now` : `${side} ${rules.base}`}
        </button>
      ) : (
        <div className="sign-in-here">
          <button type="button" className="button primary send" onClick={() => void takePaperAccount()}>
            Get a paper account
          </button>
          <button type="button" className="button quiet" onClick={() => accountDialog.show('log-in')}>
            or sign in
          </button>
        </div>
      )}
      <p className={`summary ${reviewing ? 'reviewing' : ''}`} id={summaryId}>
        {reading.ok && result
          ? orderSummary(fields, reading.order, result, rules, rates !== undefined)
          : reading.ok
            ? ''
            : reading.field
              ? ''
              : reading.message}
      </p>
    </form>
  );
}

interface NumberFieldParts {
  readonly id: string;
  readonly label: string;
  readonly value: string;
  readonly fault: string | undefined;
  readonly onChange: (text: string) => void;
  /** Arrow keys: one step, with Shift ten. */
  readonly onStep: (steps: number) => void;
  readonly children?: ReactNode;
}

function NumberField({ id, label, value, fault, onChange, onStep, children }: NumberFieldParts) {
  const step = (event: KeyboardEvent) => {
    const direction = event.key === 'ArrowUp' ? 1 : event.key === 'ArrowDown' ? -1 : 0;
    if (direction === 0) return;
    onStep(direction * (event.shiftKey ? 10 : 1));
    event.preventDefault();
  };
  return (
    <div className="field">
      <label className="label" htmlFor={id}>
        {label}
      </label>
      <div className="number-input">
        <input
          id={id}
          className={`input number ${fault ? 'wrong' : ''}`}
          inputMode="decimal"
          autoComplete="off"
          spellCheck={false}
          placeholder="0"
          value={value}
          aria-invalid={fault !== undefined}
          aria-describedby={`${id}-reason`}
          onChange={(event) => onChange(event.target.value)}
          onKeyDown={step}
        />
        {children}
      </div>
      <div id={`${id}-reason`} className="reason" role={fault ? 'alert' : undefined}>
        {fault}
      </div>
    </div>
  );
}

function TimeInForceFields({ fields, fault }: { fields: TicketFields; fault: string | undefined }) {
  const market = fields.kind === 'market';
  const chosen = market && fields.timeInForce !== 'fok' ? 'ioc' : fields.timeInForce;
  const mayRest = !market && (chosen === 'gtc' || chosen === 'gtd');
  return (
    <>
      <div className="in-force">
        <label className="field" htmlFor="ticket-in-force">
          <span className="for-readers">How long it lasts</span>
          <select
            id="ticket-in-force"
            className="input"
            value={chosen}
            onChange={(event) => draft.set({ timeInForce: event.target.value as TicketFields['timeInForce'] })}
          >
            {market ? null : <option value="gtc">Until cancelled</option>}
            {market ? null : <option value="gtd">Until a time</option>}
            <option value="ioc">At once, cancel the rest</option>
            <option value="fok">All or nothing</option>
          </select>
        </label>
        <label className={`check ${mayRest ? '' : 'muted'}`}>
          <input
            type="checkbox"
            checked={mayRest && fields.postOnly}
            disabled={!mayRest}
            onChange={(event) => draft.set({ postOnly: event.target.checked })}
          />
          Post only
        </label>
      </div>
      {chosen === 'gtd' && !market ? (
        <div className="field">
          <label className="label" htmlFor="ticket-expires">
            Ends at (UTC)
          </label>
          <input
            id="ticket-expires"
            type="datetime-local"
            step="1"
            className={`input ${fault ? 'wrong' : ''}`}
            value={fields.expiresAt}
            onChange={(event) => draft.set({ expiresAt: event.target.value })}
          />
          <div className="reason">{fault}</div>
        </div>
      ) : null}
    </>
  );
}

interface FiguresParts {
  readonly rules: SymbolRules;
  readonly fields: TicketFields;
  readonly reading: TicketReading;
  readonly result: Estimate | undefined;
  readonly feeKnown: boolean;
}

function Figures({ rules, fields, reading, result, feeKnown }: FiguresParts) {
  const spends = fields.side === 'buy' ? rules.quote : rules.base;
  const available = exchange.account.available(spends);
  const total = reading.ok && result ? result.takesQuote + result.restsQuote : undefined;
  return (
    <dl className="figures">
      <dt>Available</dt>
      <dd>
        {grouped(shortened(available, spends === rules.quote ? shownDecimals(rules) : rules.quantityDecimals))} {spends}
      </dd>
      <dt>{fields.side === 'buy' ? 'Cost' : 'Proceeds'}</dt>
      <dd>
        {total === undefined
          ? '–'
          : `${formatAmount(total, rules, fields.side === 'buy' ? 'away' : 'zero')} ${rules.quote}`}
      </dd>
      <dt>Fee, estimated</dt>
      <dd>{result && feeKnown ? `${formatAmount(result.feeLikely, rules, 'away')} ${rules.quote}` : '–'}</dd>
      <dt>Market impact</dt>
      <dd className={result && result.impactBps >= 50 ? 'warn' : undefined}>
        {result && result.takes > 0
          ? `${result.impactBps} bps, to ${formatPrice(result.worstPrice!, rules)}`
          : result
            ? 'none, it rests'
            : '–'}
      </dd>
    </dl>
  );
}

/** The best price of the own side, until somebody says another. */
function suggestedPrice({ kind, side }: TicketFields, rules: SymbolRules): string {
  if (kind === 'market') return '';
  const best = (side === 'buy' ? exchange.book.bids : exchange.book.asks)[0]?.price;
  return best === undefined ? '' : decimalOfUnits(best, rules.priceDecimals);
}

function stepped(text: string, by: number, decimals: number): string {
  const now = units(text.replaceAll(',', '') || '0', decimals);
  return decimalOfUnits(Math.max(0, now + by), decimals);
}

function steppedSize({ size, sizeIn }: TicketFields, steps: number, rules: SymbolRules): string {
  if (sizeIn === 'base') return withoutZeros(stepped(size, steps * rules.lotUnits, rules.quantityDecimals));
  return withoutZeros(stepped(size, steps * 10 ** rules.priceDecimals, rules.priceDecimals));
}

/** The same size in the other unit, as far as the book and the price tell. */
function otherUnit(fields: TicketFields, result: Estimate | undefined, rules: SymbolRules): Partial<TicketFields> {
  const sizeIn = fields.sizeIn === 'base' ? 'quote' : 'base';
  if (!result) return { sizeIn };
  const quantity = result.takes + result.restsQuantity;
  const amount = result.takesQuote + result.restsQuote;
  const size =
    sizeIn === 'base'
      ? decimalOfUnits(quantity, rules.quantityDecimals)
      : shortened(decimalOfAmount(amount, rules), shownDecimals(rules));
  return { sizeIn, size: withoutZeros(size) };
}

/** A share of what is available, fee included, as the size of this order. */
function shareOfBalance(
  fields: TicketFields,
  share: number,
  rules: SymbolRules,
  takerPpm: number,
): Partial<TicketFields> {
  if (fields.side === 'sell') {
    const available = units(exchange.account.available(rules.base), rules.quantityDecimals);
    const quantity = shareOfQuantity(available, share, rules.lotUnits);
    return { size: withoutZeros(decimalOfUnits(quantity, rules.quantityDecimals)), sizeIn: 'base' };
  }
  const available = amountOfDecimal(exchange.account.available(rules.quote), rules) ?? 0n;
  const part = (available * BigInt(share)) / 100n;
  if (fields.kind === 'market' || fields.sizeIn === 'quote') {
    const budget = decimalOfAmount(amountBeforeFee(part, takerPpm), rules);
    return { size: withoutZeros(shortened(budget, shownDecimals(rules))), sizeIn: 'quote' };
  }
  const price = units(fields.price.replaceAll(',', '') || '0', rules.priceDecimals);
  const quantity = quantityAffordable(part, price, { ...rules, makerPpm: 0, takerPpm });
  return { size: withoutZeros(decimalOfUnits(quantity, rules.quantityDecimals)) };
}

function tellPlaced(
  side: 'buy' | 'sell',
  { status, reason, executed, open }: { status: string; reason: string | undefined; executed: string; open: string },
  rules: SymbolRules,
): void {
  const name = side === 'buy' ? 'Buy' : 'Sell';
  // A fill is told by its own notice.
  if (status === 'open') {
    notices.add('good', `${name} order is open`, `${withoutZeros(grouped(open))} ${rules.base} rest in the book`);
  } else if (status === 'cancelled') {
    const traded =
      Number(executed) > 0 ? `${withoutZeros(grouped(executed))} ${rules.base} traded. ` : 'Nothing traded. ';
    notices.add('info', `${name} order ended`, traded + cancelWords(reason ?? ''));
  }
}
