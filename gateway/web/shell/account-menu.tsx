/** Who is signed in, and how to become somebody. */
import { accountDialog } from '../account/account-dialog.ts';
import { signOut, takePaperAccount } from '../account/take-account.ts';
import { exchange } from '../exchange/the-exchange.ts';
import { useStore } from '../stores/store.ts';
import { Popover } from './popover.tsx';

export function AccountMenu() {
  const { state } = useStore(exchange.session);
  if (state.phase === 'asking') return <span className="skeleton" />;
  if (state.phase === 'nobody') {
    return (
      <div className="account-offer">
        <button type="button" className="button quiet sign-in" onClick={() => accountDialog.show('log-in')}>
          Sign in
        </button>
        <button type="button" className="button primary" onClick={() => void takePaperAccount()}>
          Paper account
        </button>
      </div>
    );
  }
  return (
    <Popover
      label={`Account: ${state.name}`}
      button={
        <>
          <span className="account-name">{state.name}</span>
          <span className="account-mark">Me</span>
        </>
      }
    >
      {(close) => (
        <div className="settings">
          <p>
            <strong>{state.name}</strong>
          </p>
          <p className="muted">{state.roles.length > 0 ? state.roles.join(', ') : 'paper money only'}</p>
          <button
            type="button"
            className="button"
            onClick={() => {
              close();
              void signOut();
            }}
          >
            Sign out
          </button>
        </div>
      )}
    </Popover>
  );
}
