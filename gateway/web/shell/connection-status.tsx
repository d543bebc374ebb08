/** How far the page can be trusted now, in a dot and a word; opened, in figures and in every gap that was met. */
import { useEffect, useState } from 'react';
import { exchange } from '../exchange/the-exchange.ts';
import { grouped } from '../format/numbers.ts';
import { useStore } from '../stores/store.ts';
import { Popover } from './popover.tsx';

export function ConnectionStatus() {
  const connection = useStore(exchange.connection);
  const { standing } = connection;
  useEverySecond(standing.kind === 'offline' || standing.kind === 'behind');
  return (
    <Popover
      label={`Connection: ${standing.words}`}
      className="connection"
      button={
        <>
          <span className={`dot ${standing.kind}`} aria-hidden="true" />
          <span className="connection-words">{standing.words}</span>
        </>
      }
    >
      {() => <ConnectionDetails />}
    </Popover>
  );
}

function ConnectionDetails() {
  const connection = useStore(exchange.connection);
  const { state, seq, delayMs, gaps, closing } = connection;
  const trip = state.phase === 'open' ? state.roundTripMs : undefined;
  const ahead = state.phase === 'open' ? state.clockAheadMs : undefined;
  return (
    <div className="connection-details">
      <dl className="figures">
        <dt>State</dt>
        <dd>
          {state.phase === 'waiting'
            ? `${state.because}; tries again in ${Math.ceil(state.retryInMs / 1_000)} s`
            : state.phase}
        </dd>
        <dt>Sequence of {exchange.selected.rules?.symbol ?? 'the market'}</dt>
        <dd>{grouped(String(seq))}</dd>
        <dt>Round trip</dt>
        <dd>{trip === undefined ? '–' : `${trip < 10 ? trip.toFixed(1) : Math.round(trip)} ms`}</dd>
        <dt>Age of the newest change</dt>
        <dd>{Math.round(delayMs)} ms</dd>
        <dt>Exchange’s clock</dt>
        <dd>{ahead === undefined ? '–' : `${ahead >= 0 ? '+' : '−'}${Math.abs(Math.round(ahead))} ms`}</dd>
      </dl>
      {closing ? <p className="notice">{closing}</p> : null}
      <h3>Gaps met</h3>
      {gaps.length === 0 ? (
        <p className="muted">None: every message came in order.</p>
      ) : (
        <ul className="gaps scroll">
          {gaps.toReversed().map((gap) => (
            <li key={`${gap.atMs} ${gap.channel} ${gap.fromSeq}`}>
              <span className="muted">{new Date(gap.atMs).toISOString().slice(11, 19)}</span> {gap.channel}:{' '}
              {gap.outcome === 'resumed' ? `${gap.messages} messages resumed` : 'began anew from a snapshot'}
              <span className="muted">
                {' '}
                ({gap.because}, {gap.fromSeq} to {gap.toSeq})
              </span>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

/** Draws again each second while words count seconds. */
function useEverySecond(needed: boolean): void {
  const [, setTick] = useState(0);
  useEffect(() => {
    if (!needed) return;
    const timer = setInterval(() => setTick((tick) => tick + 1), 1_000);
    return () => clearInterval(timer);
  }, [needed]);
}
