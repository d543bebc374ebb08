/** All keys, on one page. */
import { Dialog } from '../shell/dialog.tsx';
import { useStore } from '../stores/store.ts';
import { KEYS, keyHelp } from './key-help.ts';

export function KeyList() {
  const { open } = useStore(keyHelp);
  if (!open) return null;
  return (
    <Dialog title="Keys" close={() => keyHelp.hide()}>
      <dl className="key-list">
        {KEYS.map(([keys, does]) => (
          <div key={keys}>
            <dt>{keys.split(' ').map((key) => (key === 'to' ? ' to ' : <kbd key={key}>{key}</kbd>))}</dt>
            <dd>{does}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
