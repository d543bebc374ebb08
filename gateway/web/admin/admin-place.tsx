/** What operators do: states of markets, auctions, cancels, limits, fees, accounts, adjustments; and the list of all of it. */
import { type FormEvent, type ReactNode, useCallback, useEffect, useId, useState } from 'react';
import type { Result } from '../../client/errors.ts';
import { errorWords } from '../exchange/exchange.ts';
import { exchange } from '../exchange/the-exchange.ts';
import { dayAndTime } from '../format/instants.ts';
import { grouped } from '../format/numbers.ts';
import { Dialog } from '../shell/dialog.tsx';
import { Empty } from '../shell/empty.tsx';
import { notices } from '../shell/notices.ts';
import { useStore } from '../stores/store.ts';
import {
  type Adjustment,
  type AdminAction,
  type AdminMarkets,
  askAdmin,
  type Effect,
  type Ordered,
} from './admin-data.ts';

const STATES = ['trading', 'limit_only', 'post_only', 'cancel_only', 'halted', 'closed', 'delisted'] as const;
const LOOK_MS = 2_000;

export default function AdminPlace() {
  const { roles } = useStore(exchange.session);
  const allowed = roles.includes('ops') || roles.includes('admin');
  const [markets, setMarkets] = useState<AdminMarkets>();
  const [actions, setActions] = useState<readonly AdminAction[]>([]);
  const [adjustments, setAdjustments] = useState<readonly Adjustment[]>([]);
  const [fault, setFault] = useState<string>();
  const look = useCallback(async () => {
    const listed = await askAdmin<AdminMarkets>('GET', 'markets');
    if (!listed.ok) return setFault(errorWords(listed.error));
    setFault(undefined);
    setMarkets(listed.value);
    const [done, waiting] = await Promise.all([
      askAdmin<{ readonly actions: readonly AdminAction[] }>('GET', 'actions', undefined, { limit: 100 }),
      askAdmin<{ readonly adjustments: readonly Adjustment[] }>('GET', 'adjustments', undefined, { waiting: 'true' }),
    ]);
    if (done.ok) setActions(done.value.actions);
    if (waiting.ok) setAdjustments(waiting.value.adjustments);
  }, []);
  useEffect(() => {
    if (!allowed) return;
    void look();
    const timer = setInterval(() => void look(), LOOK_MS);
    return () => clearInterval(timer);
  }, [allowed, look]);
  if (!allowed) {
    return (
      <main className="place">
        <Empty title="For operators">Sign in as one, or with the token that the start printed.</Empty>
      </main>
    );
  }
  const order = async (path: string, body: unknown) => {
    const result = await askAdmin<Ordered>('POST', path, body);
    tell(result);
    await look();
    return result.ok;
  };
  const symbols = [...exchange.markets.rows.keys()];
  return (
    <main className="admin">
      <section className="panel scroll" aria-label="Orders of operators">
        {fault ? <p className="notice">{fault}</p> : null}
        <h2>
          Markets{' '}
          {markets ? (
            <span className="muted">
              settlement{' '}
              {markets.lag.settlement_ms === null
                ? 'is not measured'
                : `is ${grouped(markets.lag.settlement_ms)} ms behind`}
              , lag policy {markets.lag.state}
            </span>
          ) : null}
        </h2>
        <Markets markets={markets?.markets ?? []} order={order} />
        <ReasonForm
          title="Auction"
          label="Do it"
          fields={[symbolField(symbols), choice('do', ['open', 'uncross'])]}
          send={(body) => order('auctions', body)}
        />
        <ReasonForm
          title="Cancel orders"
          label="Cancel"
          danger
          fields={[
            choice('of', ['a symbol', 'an account', 'everybody'], 'Whose'),
            { name: 'symbol', label: 'Symbol', options: ['', ...symbols] },
            { name: 'account', label: 'Account' },
          ]}
          send={({ of, symbol, account, reason }) =>
            order('cancel-all', {
              ...(of === 'a symbol' ? { symbol } : of === 'an account' ? { account } : { everything: true }),
              reason,
            })
          }
        />
        <ReasonForm
          title="Kill switch: halt every market and cancel every order"
          label="Stop everything"
          danger
          fields={[]}
          send={({ reason }) => order('kill-switch', { everything: true, reason })}
        />
        <ReasonForm
          title="State of an account"
          label="Set"
          fields={[{ name: 'account', label: 'Account' }, choice('state', ['active', 'suspended', 'disabled'])]}
          send={(body) => order('account-states', body)}
        />
        <ReasonForm
          title="Limits (account * is everybody; 0 is no limit)"
          label="Set"
          fields={[
            { name: 'account', label: 'Account' },
            { name: 'open_orders', label: 'Open orders' },
            { name: 'orders_per_second', label: 'Orders each second' },
          ]}
          send={(body) => order('limits', body)}
        />
        <ReasonForm
          title="A new version of a fee schedule"
          label="Put in force"
          fields={[
            { name: 'schedule', label: 'Schedule' },
            { name: 'maker_bps', label: 'Maker, bps' },
            { name: 'taker_bps', label: 'Taker, bps' },
          ]}
          send={(body) => order('fees', body)}
        />
        <ReasonForm
          title="Propose an adjustment (another person approves it)"
          label="Propose"
          fields={[
            { name: 'account', label: 'Account' },
            { name: 'asset', label: 'Asset' },
            { name: 'amount', label: 'Amount, with its sign' },
          ]}
          send={(body) => order('adjustments', body)}
        />
        <Waiting adjustments={adjustments} order={order} />
      </section>
      <section className="panel scroll" aria-label="What operators did">
        <h2>What operators did</h2>
        {actions.length === 0 ? (
          <Empty title="Nothing yet">Every order of an operator is listed here, with where it took effect.</Empty>
        ) : null}
        <table className="rows actions">
          <tbody>
            {actions.map((action) => (
              <Action key={`${action.log} ${action.offset}`} action={action} />
            ))}
          </tbody>
        </table>
      </section>
    </main>
  );
}

function Action({ action }: { action: AdminAction }) {
  const about = action.symbol ?? (action.account ? `account ${action.account}` : 'everything');
  const detail = Object.entries(action.detail)
    .filter(([, value]) => value !== '')
    .map(([name, value]) => `${name.replaceAll('_', ' ')} ${value}`)
    .join(', ');
  return (
    <tr>
      <td className="muted">{dayAndTime(action.taken_at)}</td>
      <td className="action-text">
        <strong>{action.action.replaceAll('_', ' ')}</strong> {about}
        {detail ? `: ${detail}` : ''}. {action.reason}
        <span className="muted">
          {' '}
          By {action.requested_by}
          {action.approved_by ? `, approved by ${action.approved_by}` : ''}; {action.log} @ {grouped(action.offset)}
          {action.effects.length > 0 ? `; ${action.effects.map(effectWords).join(', ')}` : ''}
        </span>
      </td>
    </tr>
  );
}

type Body = { readonly [name: string]: string };
type Order = (path: string, body: unknown) => Promise<boolean>;

function Markets({ markets, order }: { markets: AdminMarkets['markets']; order: Order }) {
  const [asked, setAsked] = useState<{ readonly symbol: string; readonly state: string }>();
  return (
    <>
      <table className="rows">
        <tbody>
          {markets.map(({ symbol, state, reason }) => (
            <tr key={symbol}>
              <td>
                <strong>{symbol}</strong>
              </td>
              <td className={state === 'trading' ? 'up' : 'warn'}>{state.replaceAll('_', ' ')}</td>
              <td className="muted">{reason}</td>
              <td className="number action">
                <select
                  className="small-select"
                  aria-label={`New state of ${symbol}`}
                  value=""
                  onChange={(event) => setAsked({ symbol, state: event.target.value })}
                >
                  <option value="">set to…</option>
                  {STATES.filter((name) => name !== state).map((name) => (
                    <option key={name} value={name}>
                      {name.replaceAll('_', ' ')}
                    </option>
                  ))}
                </select>{' '}
                <button
                  type="button"
                  className={`row-action ${state === 'trading' ? 'danger' : ''}`}
                  onClick={() => setAsked({ symbol, state: state === 'trading' ? 'halted' : 'trading' })}
                >
                  {state === 'trading' ? 'Halt' : 'Resume'}
                </button>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {asked ? (
        <Dialog title={`${asked.symbol}: ${asked.state.replaceAll('_', ' ')}`} close={() => setAsked(undefined)}>
          <ReasonForm
            label="Order it"
            danger={asked.state !== 'trading'}
            fields={[]}
            send={async ({ reason }) => {
              const done = await order('market-states', { ...asked, reason });
              if (done) setAsked(undefined);
              return done;
            }}
          />
        </Dialog>
      ) : null}
    </>
  );
}

function Waiting({ adjustments, order }: { adjustments: readonly Adjustment[]; order: Order }) {
  if (adjustments.length === 0) return null;
  return (
    <>
      <h2>Adjustments that wait for another person</h2>
      <table className="rows">
        <tbody>
          {adjustments.map(({ adjustment_id, account, asset, amount, reason, proposed_by }) => (
            <tr key={adjustment_id}>
              <td>
                account {account}: {grouped(amount)} {asset}
              </td>
              <td className="muted">
                {reason}, by {proposed_by}
              </td>
              <td className="number">
                <button
                  type="button"
                  className="row-action"
                  onClick={() => void order(`adjustments/${adjustment_id}/approve`, {})}
                >
                  Approve
                </button>{' '}
                <button
                  type="button"
                  className="row-action danger"
                  onClick={() => void order(`adjustments/${adjustment_id}/decline`, {})}
                >
                  Decline
                </button>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  );
}

interface Field {
  readonly name: string;
  readonly label: string;
  readonly options?: readonly string[];
}

const symbolField = (symbols: readonly string[]): Field => ({
  name: 'symbol',
  label: 'Symbol',
  options: [...symbols, '*'],
});
const choice = (name: string, options: readonly string[], label = name): Field => ({ name, label, options });

interface ReasonFormParts {
  readonly title?: string;
  readonly label: string;
  readonly fields: readonly Field[];
  readonly danger?: boolean;
  readonly send: (body: Body) => Promise<boolean>;
}

/** Fields and a reason: nothing is ordered without one. */
function ReasonForm({ title, label, fields, danger = false, send }: ReasonFormParts): ReactNode {
  const id = useId();
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = event.currentTarget;
    const entries = [...new FormData(form)].map(([name, value]) => [name, String(value).trim()]);
    if (await send(Object.fromEntries(entries))) form.reset();
  };
  return (
    <form className="form" onSubmit={(event) => void submit(event)}>
      {title ? <h2>{title}</h2> : null}
      <div className="form-row">
        {fields.map(({ name, label: text, options }) => (
          <label className="field" key={name} htmlFor={`${id} ${name}`}>
            <span className="label">{text}</span>
            {options ? (
              <select className="input" id={`${id} ${name}`} name={name}>
                {options.map((option) => (
                  <option key={option}>{option}</option>
                ))}
              </select>
            ) : (
              <input
                className="input"
                id={`${id} ${name}`}
                name={name}
                autoComplete="off"
                required={name !== 'account'}
              />
            )}
          </label>
        ))}
        <label className="field">
          <span className="label">Reason</span>
          <input className="input" name="reason" autoComplete="off" required maxLength={200} />
        </label>
      </div>
      <div>
        <button type="submit" className={`button ${danger ? 'danger' : ''}`}>
          {label}
        </button>
      </div>
    </form>
  );
}

function tell(result: Result<Ordered>): void {
  if (!result.ok) {
    notices.add('bad', 'Not done', errorWords(result.error));
    return;
  }
  const { effects = [], control_offset } = result.value;
  notices.add(
    'good',
    'Done',
    effects.length > 0 ? effects.map(effectWords).join(', ') : `control @ ${control_offset ?? ''}`,
  );
}

function effectWords({ what, symbol, account, sequence, count, now }: Effect): string {
  const times = count === '1' ? '' : ` (${count})`;
  return `${what.replaceAll('_', ' ')}${times} ${symbol ?? account ?? ''} at sequence ${grouped(sequence)}${now ? `, now ${now.replaceAll('_', ' ')}` : ''}`;
}
