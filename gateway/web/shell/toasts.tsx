/** Notices in the corner, and the same words for those who hear the page. */
import { useStore } from '../stores/store.ts';
import { notices } from './notices.ts';

export function Toasts() {
  const { shown } = useStore(notices);
  return (
    <>
      <div className="toasts">
        {shown.map(({ id, kind, title, text }) => (
          <div key={id} className={`toast ${kind}`}>
            <div>
              <strong>{title}</strong>
              <span>{text}</span>
            </div>
            <button type="button" aria-label="Dismiss" onClick={() => notices.remove(id)}>
              ✕
            </button>
          </div>
        ))}
      </div>
      <div className="for-readers" role="log" aria-live="polite">
        {shown.map(({ id, title, text }) => (
          <p key={id}>
            {title}. {text}
          </p>
        ))}
      </div>
    </>
  );
}
