/** What is the account's: orders, history, fills, balances, statement. */
import { takePaperAccount } from '../account/take-account.ts';
import { exchange } from '../exchange/the-exchange.ts';
import { Balances } from '../orders/balances.tsx';
import { Fills } from '../orders/fills.tsx';
import { OpenOrders } from '../orders/open-orders.tsx';
import { OrderHistory } from '../orders/order-history.tsx';
import { Statement } from '../orders/statement.tsx';
import { Empty } from '../shell/empty.tsx';
import { settings } from '../stores/settings.ts';
import { useStore } from '../stores/store.ts';
import { Tabs } from './trade-place.tsx';

export function OrdersPanel() {
  const { tabs } = useStore(settings).now;
  const { state } = useStore(exchange.session);
  const { rules } = useStore(exchange.selected);
  const account = useStore(exchange.account);
  const tab = tabs.below ?? 'orders';
  const onlyHere = tabs.scope === 'here';
  const symbol = onlyHere ? rules?.symbol : undefined;
  const count = account.open.filter((order) => symbol === undefined || order.symbol === symbol).length;
  const names = {
    orders: count > 0 ? `Open orders ${count}` : 'Open orders',
    history: 'History',
    fills: 'Fills',
    balances: 'Balances',
    statement: 'Statement',
  };
  const scoped = tab === 'orders' || tab === 'history' || tab === 'fills';
  return (
    <>
      <Tabs
        group="below"
        chosen={tab}
        names={names}
        end={
          scoped && rules ? (
            <label className="check small">
              <input
                type="checkbox"
                checked={onlyHere}
                onChange={(event) =>
                  settings.set({ tabs: { ...settings.now.tabs, scope: event.target.checked ? 'here' : 'all' } })
                }
              />
              {rules.symbol} only
            </label>
          ) : undefined
        }
      />
      <div className="below-body scroll" role="tabpanel">
        {state.phase === 'nobody' ? (
          <Empty title="Nobody is signed in">
            <button type="button" className="link" onClick={() => void takePaperAccount()}>
              Get a paper account
            </button>{' '}
            with one click: paper money on the real book.
          </Empty>
        ) : state.phase === 'asking' ? null : tab === 'orders' ? (
          <OpenOrders symbol={symbol} />
        ) : tab === 'history' ? (
          <OrderHistory symbol={symbol} />
        ) : tab === 'fills' ? (
          <Fills symbol={symbol} />
        ) : tab === 'balances' ? (
          <Balances />
        ) : (
          <Statement />
        )}
      </div>
    </>
  );
}
