/** The questions about accounts: sign in, sign up, paste a token, keep these credentials. */
import { type FormEvent, useState } from 'react';
import { Dialog } from '../shell/dialog.tsx';
import { useStore } from '../stores/store.ts';
import { accountDialog } from './account-dialog.ts';
import { logIn, signInWithToken, signUp, takePaperAccount } from './take-account.ts';

export function AccountDialogs() {
  const { question, made } = useStore(accountDialog);
  const close = () => accountDialog.hide();
  if (question === 'made' && made) {
    return (
      <Dialog title="Your paper account is ready" close={close}>
        <p>
          This browser stays signed in. To sign in elsewhere, keep these two lines; the password is not shown again.
        </p>
        <dl className="credentials">
          <dt>E-mail</dt>
          <dd>
            <code>{made.email}</code>
          </dd>
          <dt>Password</dt>
          <dd>
            <code>{made.password}</code>
          </dd>
        </dl>
        <div className="dialog-actions">
          <button
            type="button"
            className="button"
            onClick={() => void navigator.clipboard?.writeText(`${made.email}\n${made.password}`)}
          >
            Copy both
          </button>
          {/* biome-ignore lint/a11y/noAutofocus: the dialog has come by itself and wants one answer */}
          <button type="button" autoFocus className="button primary" onClick={close}>
            Trade
          </button>
        </div>
      </Dialog>
    );
  }
  if (question === 'log-in') return <EmailForm title="Sign in" act={logIn} label="Sign in" close={close} />;
  if (question === 'register') return <EmailForm title="Make an account" act={signUp} label="Make it" close={close} />;
  if (question === 'token') return <TokenForm close={close} />;
  return null;
}

interface EmailFormParts {
  readonly title: string;
  readonly label: string;
  readonly act: (email: string, password: string) => Promise<string | undefined>;
  readonly close: () => void;
}

function EmailForm({ title, label, act, close }: EmailFormParts) {
  const [fault, setFault] = useState<string>();
  const [busy, setBusy] = useState(false);
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const fields = new FormData(event.currentTarget);
    setBusy(true);
    const problem = await act(String(fields.get('email')), String(fields.get('password')));
    setBusy(false);
    setFault(problem);
    if (!problem) close();
  };
  const registering = act === signUp;
  return (
    <Dialog title={title} close={close}>
      <form className="form" onSubmit={(event) => void submit(event)}>
        <label className="field">
          <span className="label">E-mail</span>
          <input className="input" name="email" type="email" autoComplete="username" required />
        </label>
        <label className="field">
          <span className="label">Password{registering ? ', 10 characters or more' : ''}</span>
          <input
            className="input"
            name="password"
            type="password"
            autoComplete={registering ? 'new-password' : 'current-password'}
            required
          />
        </label>
        {fault ? (
          <p className="reason" role="alert">
            {fault}
          </p>
        ) : null}
        <div className="dialog-actions">
          <button type="submit" className="button primary" disabled={busy}>
            {label}
          </button>
          {registering ? (
            <button type="button" className="button quiet" onClick={() => accountDialog.show('log-in')}>
              I have one
            </button>
          ) : (
            <button type="button" className="button quiet" onClick={() => accountDialog.show('register')}>
              Make an account
            </button>
          )}
        </div>
      </form>
      <div className="dialog-others">
        <button
          type="button"
          className="link"
          onClick={() => {
            close();
            void takePaperAccount();
          }}
        >
          A paper account, in one click
        </button>
        <button type="button" className="link" onClick={() => accountDialog.show('token')}>
          Paste a token
        </button>
      </div>
    </Dialog>
  );
}

function TokenForm({ close }: { close: () => void }) {
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const token = String(new FormData(event.currentTarget).get('token')).trim();
    if (token === '') return;
    signInWithToken(token);
    close();
  };
  return (
    <Dialog title="Sign in with a token" close={close}>
      <p className="muted">The start of the exchange prints one. It is kept until this tab is closed.</p>
      <form className="form" onSubmit={submit}>
        <label className="field">
          <span className="label">Token</span>
          <input className="input" name="token" type="password" autoComplete="off" spellCheck={false} required />
        </label>
        <div className="dialog-actions">
          <button type="submit" className="button primary">
            Use it
          </button>
        </div>
      </form>
    </Dialog>
  );
}
