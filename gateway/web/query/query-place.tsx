/** SQL over the history of the exchange: a question, its table, its CSV. */
import { type KeyboardEvent, useRef, useState } from 'react';
import { errorWords } from '../exchange/exchange.ts';
import { exchange } from '../exchange/the-exchange.ts';
import { grouped } from '../format/numbers.ts';
import { Empty } from '../shell/empty.tsx';
import { useStore } from '../stores/store.ts';
import { csvOf } from './csv.ts';
import { EXAMPLES, type SavedQuery } from './examples.ts';
import { savedQueries } from './saved-queries.ts';

interface QueryAnswer {
  readonly meta: readonly { readonly name: string; readonly type: string }[];
  readonly data: readonly (readonly unknown[])[];
  readonly rows: number;
  readonly statistics?: { readonly elapsed: number; readonly rows_read: number };
}

const WITHIN_MS = 35_000;
/** Rows that are drawn; all of them are in the CSV. */
const DRAWN_MAX = 1_000;

export default function QueryPlace() {
  const { own } = useStore(savedQueries);
  const { state, roles } = useStore(exchange.session);
  const [sql, setSql] = useState(EXAMPLES[0]!.sql);
  const [answer, setAnswer] = useState<QueryAnswer>();
  const [fault, setFault] = useState<string>();
  const [plain, setPlain] = useState<string>();
  const [tookMs, setTookMs] = useState<number>();
  const [running, setRunning] = useState(false);
  const asked = useRef(0);
  const allowed = roles.some((role) => role !== 'trader');

  const run = async (text: string) => {
    const number = ++asked.current;
    setRunning(true);
    const startMs = performance.now();
    const result = await exchange.client.rest.request<unknown>({
      method: 'POST',
      path: '/query',
      query: {
        default_format: 'JSONCompact',
        output_format_json_quote_64bit_integers: 1,
        output_format_json_quote_decimals: 1,
      },
      text,
      withinMs: WITHIN_MS,
    });
    if (number !== asked.current) return;
    setRunning(false);
    setTookMs(performance.now() - startMs);
    if (!result.ok) {
      setFault(errorWords(result.error));
      return;
    }
    setFault(undefined);
    const table = tableOf(result.value);
    // Another format was asked for in the statement: it is shown as it came.
    if (table) {
      setAnswer(table);
      setPlain(undefined);
    } else setPlain(String(result.value));
  };
  const take = ({ sql: text }: SavedQuery) => {
    setSql(text);
    if (allowed) void run(text);
  };
  const key = (event: KeyboardEvent) => {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      void run(sql);
    }
  };
  const save = () => {
    const name = prompt('A name for this question');
    if (name?.trim()) savedQueries.save(name.trim(), sql);
  };
  return (
    <main className="query">
      <nav className="panel query-examples scroll" aria-label="Saved questions">
        <div className="panel-head">
          <h2>Questions</h2>
        </div>
        {EXAMPLES.map((example) => (
          <button type="button" key={example.name} className="query-example" onClick={() => take(example)}>
            {example.name}
          </button>
        ))}
        {own.length > 0 ? (
          <div className="panel-head">
            <h2>Yours</h2>
          </div>
        ) : null}
        {own.map((saved) => (
          <div key={saved.name} className="own-query">
            <button type="button" className="query-example" onClick={() => take(saved)}>
              {saved.name}
            </button>
            <button
              type="button"
              className="favourite"
              aria-label={`Forget ${saved.name}`}
              onClick={() => savedQueries.forget(saved.name)}
            >
              ✕
            </button>
          </div>
        ))}
      </nav>
      <section className="panel query-editor" aria-label="Question">
        <textarea
          aria-label="SQL"
          spellCheck={false}
          value={sql}
          onChange={(event) => setSql(event.target.value)}
          onKeyDown={key}
        />
        <div className="query-actions">
          <button type="button" className="button primary" disabled={running || !allowed} onClick={() => void run(sql)}>
            {running ? 'Running…' : 'Run'} <kbd>Ctrl Enter</kbd>
          </button>
          <button type="button" className="button" onClick={save}>
            Save
          </button>
          <button
            type="button"
            className="button"
            disabled={!answer}
            onClick={() =>
              answer &&
              download(
                csvOf(
                  answer.meta.map(({ name }) => name),
                  answer.data,
                ),
              )
            }
          >
            CSV
          </button>
          {answer && tookMs !== undefined && !fault ? (
            <span className="muted">
              {grouped(String(answer.rows))} rows in {tookMs.toFixed(0)} ms
              {answer.statistics ? `, ${grouped(String(answer.statistics.rows_read))} read` : ''}
              {answer.rows > DRAWN_MAX ? `; the first ${grouped(String(DRAWN_MAX))} are shown` : ''}
            </span>
          ) : null}
          {allowed ? null : (
            <span className="warn">
              {state.phase === 'signed-in'
                ? 'History is for the roles analyst, ops and admin; this account is a trader.'
                : 'Sign in as an analyst, or with the token that the start printed.'}
            </span>
          )}
        </div>
      </section>
      <section className="panel query-result scroll" aria-label="Answer">
        {fault ? (
          <div className="query-fault down">{fault}</div>
        ) : plain ? (
          <div className="query-fault">{plain}</div>
        ) : answer ? (
          <AnswerTable answer={answer} />
        ) : (
          <Empty title="Ask something">
            A question on the left runs at once. Tools that speak ClickHouse’s HTTP find the same at {location.origin}
            /query.
          </Empty>
        )}
      </section>
    </main>
  );
}

/** The endpoint says of everything that it is plain text, as ClickHouse's clients expect. */
function tableOf(value: unknown): QueryAnswer | undefined {
  if (typeof value !== 'string') return isTable(value) ? value : undefined;
  if (!value.startsWith('{')) return undefined;
  try {
    const parsed: unknown = JSON.parse(value);
    return isTable(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}

function isTable(value: unknown): value is QueryAnswer {
  return typeof value === 'object' && value !== null && 'meta' in value && 'data' in value;
}

function AnswerTable({ answer: { meta, data } }: { answer: QueryAnswer }) {
  const numeric = meta.map(({ type }) => /^(?:Nullable\()?(?:U?Int|Float|Decimal)/.test(type));
  return (
    <table className="rows">
      <thead>
        <tr>
          {meta.map(({ name, type }, at) => (
            <th key={name} className={numeric[at] ? 'number' : undefined} title={type}>
              {name}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {data.slice(0, DRAWN_MAX).map((row, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: rows of an answer have no name, and do not move
          <tr key={index}>
            {row.map((value, at) => (
              <td key={meta[at]!.name} className={numeric[at] ? 'number' : undefined}>
                {shown(value, meta[at]!.type)}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function shown(value: unknown, type: string): string {
  if (value === null || value === undefined) return '–';
  if (typeof value === 'object') return JSON.stringify(value);
  const text = String(value);
  return type.includes('Decimal') && text.includes('.') ? text.replace(/\.?0+$/, '') : text;
}

function download(csv: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([csv], { type: 'text/csv' }));
  link.download = 'answer.csv';
  link.click();
  URL.revokeObjectURL(link.href);
}
