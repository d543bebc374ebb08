/** Asks once, with the count, before every order is cancelled. */
import { exchange } from '../exchange/the-exchange.ts';
import { Dialog } from '../shell/dialog.tsx';
import { useStore } from '../stores/store.ts';
import { cancelAllDialog } from './cancel-all-dialog.ts';

export function CancelAll() {
  const { open } = useStore(cancelAllDialog);
  const account = useStore(exchange.account);
  const { rules } = useStore(exchange.selected);
  if (!open) return null;
  const all = account.open.length;
  const here = account.open.filter(({ symbol }) => symbol === rules?.symbol).length;
  const cancel = (symbol: string | undefined) => {
    cancelAllDialog.hide();
    void exchange.cancelAll(symbol);
  };
  return (
    <Dialog
      title={all === 0 ? 'No order is open' : `Cancel ${all} open ${all === 1 ? 'order' : 'orders'}?`}
      close={() => cancelAllDialog.hide()}
    >
      <div className="dialog-actions">
        {all > 0 ? (
          // biome-ignore lint/a11y/noAutofocus: a dialog that was asked for, with one thing to do
          <button type="button" autoFocus className="button sell" onClick={() => cancel(undefined)}>
            Cancel all {all}
          </button>
        ) : null}
        {here > 0 && here < all ? (
          <button type="button" className="button" onClick={() => cancel(rules?.symbol)}>
            Only the {here} of {rules?.symbol}
          </button>
        ) : null}
        <button type="button" className="button quiet" onClick={() => cancelAllDialog.hide()}>
          Keep them
        </button>
      </div>
    </Dialog>
  );
}
