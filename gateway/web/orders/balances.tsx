/** What the account has, by asset, and paper money for more. */

import { errorWords } from '../exchange/exchange.ts';
import { exchange } from '../exchange/the-exchange.ts';
import { grouped, shortened } from '../format/numbers.ts';
import { Empty } from '../shell/empty.tsx';
import { notices } from '../shell/notices.ts';
import { useStore } from '../stores/store.ts';

const SHOWN_DECIMALS = 8;
/** What one click gives. */
const PAPER: { readonly [asset: string]: string } = { USD: '10000', BTC: '0.5', ETH: '5', SOL: '100' };

export function Balances() {
  const account = useStore(exchange.account);
  const balances = [...account.balances.values()];
  if (balances.length === 0)
    return <Empty title="No balances yet">A paper account has some of each asset from its first moment.</Empty>;
  const figure = (decimal: string) => grouped(shortened(decimal, SHOWN_DECIMALS));
  return (
    <table className="rows balances">
      <thead>
        <tr>
          <th>Asset</th>
          <th className="number">Available</th>
          <th className="number">In orders</th>
          <th className="number">Total</th>
          <th />
        </tr>
      </thead>
      <tbody>
        {balances.map(({ asset, available, hold, total }) => (
          <tr key={asset}>
            <td>
              <strong>{asset}</strong>
            </td>
            <td className="number">{figure(available)}</td>
            <td className="number muted">{figure(hold)}</td>
            <td className="number">{figure(total)}</td>
            <td className="number">
              <button type="button" className="row-action" onClick={() => void deposit(asset)}>
                + {grouped(PAPER[asset] ?? '100')} paper
              </button>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

async function deposit(asset: string): Promise<void> {
  const result = await exchange.client.rest.deposit(asset, PAPER[asset] ?? '100');
  if (result.ok) notices.add('good', 'Paper money', `${grouped(PAPER[asset] ?? '100')} ${asset} are in the account`);
  else notices.add('bad', 'No paper money', errorWords(result.error));
}
