/** REST as it is: made from the description that the gateway serves of itself. */
import { useEffect, useState } from 'react';
import { errorWords } from '../exchange/exchange.ts';
import { exchange } from '../exchange/the-exchange.ts';
import { Empty } from '../shell/empty.tsx';
import { describeRoutes, type OpenApi, type RouteShown } from './describe-routes.ts';

const OPENAPI = '/v1/openapi.json';

export default function ApiPlace() {
  const [api, setApi] = useState<OpenApi>();
  const [fault, setFault] = useState<string>();
  useEffect(() => {
    void exchange.client.rest.request<OpenApi>({ method: 'GET', path: OPENAPI }).then((answer) => {
      if (answer.ok) setApi(answer.value);
      else setFault(errorWords(answer.error));
    });
  }, []);
  if (!api) {
    return (
      <main className="place">
        <Empty title={fault ? 'The description is not to be had now' : 'The description is coming'}>{fault}</Empty>
      </main>
    );
  }
  const groups = Map.groupBy(describeRoutes(api), ({ subject }) => subject);
  return (
    <main className="api">
      <nav className="panel api-routes scroll" aria-label="Routes">
        {[...groups].map(([subject, routes]) => (
          <div key={subject}>
            <h3>{subject}</h3>
            {routes.map((route) => (
              <a
                key={route.id}
                href={`#/api/${route.id}`}
                onClick={() => document.getElementById(`route-${route.id}`)?.scrollIntoView()}
              >
                {route.title}
              </a>
            ))}
          </div>
        ))}
      </nav>
      <section className="panel api-body scroll">
        <h1>{api.info.title}</h1>
        <p className="muted">
          {api.info.description} The same for programs: <a href={OPENAPI}>{OPENAPI}</a>. Sockets speak the same words at{' '}
          <code>{location.origin}/v1/socket</code>.
        </p>
        {[...groups.values()].flat().map((route) => (
          <Route key={route.id} route={route} />
        ))}
      </section>
    </main>
  );
}

function Route({ route }: { route: RouteShown }) {
  return (
    <article className="api-route" id={`route-${route.id}`}>
      <h2>
        <span className="method">{route.method}</span> {route.path}
      </h2>
      <p>
        <Words text={route.summary} /> {route.isPublic ? null : <span className="muted">Needs a credential.</span>}
      </p>
      {route.says ? (
        <p className="muted">
          <Words text={route.says} />
        </p>
      ) : null}
      {route.fields.length > 0 ? (
        <table className="rows">
          <tbody>
            {route.fields.map(({ name, place, required, says }) => (
              <tr key={`${place} ${name}`}>
                <td>
                  <code>{name}</code>
                </td>
                <td className="muted">
                  {place}
                  {required ? '' : ', optional'}
                </td>
                <td>
                  <Words text={says} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      ) : null}
      <pre>{curlOf(route)}</pre>
      <p className="muted">
        <Words text={route.answers.map(({ status, says }) => `${status}: ${says}`).join(' · ')} />
      </p>
    </article>
  );
}

/** Names between backticks as names. */
function Words({ text }: { text: string }) {
  const parts = text.split('`');
  // biome-ignore lint/suspicious/noArrayIndexKey: parts of one text, which does not change
  return parts.map((part, at) => (at % 2 === 1 ? <code key={at}>{part}</code> : part));
}

function curlOf({ method, path, isPublic, example }: RouteShown): string {
  const lines = [`curl -s${method === 'GET' ? '' : ` -X ${method}`} '${location.origin}${path}'`];
  if (!isPublic) lines.push(`  -H "Authorization: Bearer $TOKEN"`);
  if (example !== undefined) {
    lines.push(`  -H 'Content-Type: application/json'`, `  -d '${JSON.stringify(example)}'`);
  }
  return lines.join(' \\\n');
}
