/** The interface as one page of HTML: no script, nothing from elsewhere, readable in both themes and on a phone. */
import { z } from 'zod';
import { enumSymbols } from '../../schemas/generated/records.ts';
import { gatewayCodes, reasonSentences, statusOf } from './errors.ts';
import type { AnyRoute, Example } from './route.ts';

export function referencePage(routes: readonly AnyRoute[]): string {
  const subjects = [...Map.groupBy(routes, ({ subject }) => subject)];
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Sluice: REST</title>
<style>${STYLE}</style>
</head>
<body>
<nav aria-label="Routes"><a class="top" href="#top">Sluice REST</a>${subjects.map(([subject, of]) => contents(subject, of)).join('')}<h2><a href="#codes">Codes</a></h2></nav>
<main id="top">
<h1>REST</h1>
<p>Decimals and ids are strings, times are ISO 8601 in UTC. A request’s shape is strict: what is unknown, doubled, of another
type or off the step is refused, never coerced. An answer to a command means that it, and all it caused, is durable.
<a href="/v1/openapi.json">OpenAPI 3.1</a> of the same routes.</p>
${subjects.map(([subject, of]) => `<section><h2>${escaped(subject)}</h2>${of.map(routeSection).join('')}</section>`).join('')}
${codesSection()}
</main>
</body>
</html>
`;
}

function contents(subject: string, routes: readonly AnyRoute[]): string {
  const rows = routes.map(
    ({ id, method, path }) =>
      `<li><a href="#${id}"><b class="${method}">${method}</b> ${escaped(path.replace('/v1', ''))}</a></li>`,
  );
  return `<h2>${escaped(subject)}</h2><ul>${rows.join('')}</ul>`;
}

function routeSection(route: AnyRoute): string {
  const { id, method, path, summary, says, access, limit } = route;
  const weight = typeof limit.weight === 'number' ? String(limit.weight) : 'one an order';
  const facts = `${access === 'public' ? 'public' : `scope <code>${access}</code>`} · counts as <code>${limit.class}</code>, weight ${weight}`;
  return `<article id="${id}">
<h3><b class="${method}">${method}</b> <code>${escaped(path)}</code></h3>
<p>${prose(summary)}</p>${says === undefined ? '' : `<p>${prose(says)}</p>`}
<p class="facts">${facts}</p>
${fieldTable('In the address', route.params, path)}${fieldTable('Query', route.query)}${fieldTable('Body', route.body)}
${answersList(route)}${refusalsLine(route)}${route.examples.map((example) => exampleBlock(route, example)).join('')}
</article>`;
}

interface FieldSchema {
  readonly type?: string;
  readonly enum?: readonly string[];
  readonly pattern?: string;
  readonly items?: FieldSchema;
  readonly description?: string;
  readonly anyOf?: readonly FieldSchema[];
}

function fieldTable(title: string, shape: AnyRoute['body'], path = ''): string {
  if (shape === undefined) return '';
  const { properties = {}, required = [] } = z.toJSONSchema(shape, { io: 'input', unrepresentable: 'any' }) as {
    readonly properties?: { readonly [name: string]: FieldSchema };
    readonly required?: readonly string[];
  };
  const rows = Object.entries(properties).map(
    ([name, schema]) =>
      `<tr><td><code>${escaped(name)}</code></td><td>${required.includes(name) || path.includes(`:${name}`) ? 'needed' : ''}</td><td>${kindOf(schema)}</td></tr>`,
  );
  if (rows.length === 0) return '';
  return `<div class="wide"><table><caption>${title}</caption><tbody>${rows.join('')}</tbody></table></div>`;
}

function kindOf({ type, enum: words, pattern, items, description, anyOf }: FieldSchema): string {
  if (description !== undefined) return escaped(description);
  if (words) return words.map((word) => `<code>${escaped(word)}</code>`).join(' ');
  if (anyOf) return anyOf.map(kindOf).join(' or ');
  if (type === 'array') return items ? `list of ${kindOf(items)}` : 'list';
  if (pattern !== undefined) return `text of the form <code>${escaped(pattern)}</code>`;
  return escaped(type ?? 'an order, as POST /v1/orders takes it');
}

function answersList({ answers }: AnyRoute): string {
  const rows = Object.entries(answers).map(([status, { says }]) => `<li><code>${status}</code> ${prose(says)}</li>`);
  return `<ul class="answers">${rows.join('')}</ul>`;
}

function refusalsLine({ refusals }: AnyRoute): string {
  if (refusals.length === 0) return '';
  const codes = refusals.map((code) => `<a href="#code-${code}"><code>${code}</code></a>`);
  return `<details><summary>Refusals</summary><p>${codes.join(' ')}</p></details>`;
}

/** As a command line that may be pasted. */
function exampleBlock(
  { method, path, access }: AnyRoute,
  { says, params, query, headers, body, status }: Example,
): string {
  const filled = path.replace(/:(\w+)/g, (_, name: string) => params?.[name] ?? `:${name}`);
  const search = query === undefined ? '' : `?${new URLSearchParams(query)}`;
  const lines = [
    `curl -X ${method} "$SLUICE${filled}${search}"`,
    ...(access === 'public' ? [] : ['-H "Authorization: Bearer $TOKEN"']),
    ...Object.entries(headers ?? {}).map(([name, value]) => `-H "${name}: ${value}"`),
    ...(body === undefined ? [] : ['-H "Content-Type: application/json"', `-d '${JSON.stringify(body)}'`]),
  ];
  return `<figure><figcaption>${escaped(says)} → <code>${status}</code></figcaption><pre>${escaped(lines.join(' \\\n  '))}</pre></figure>`;
}

function codesSection(): string {
  const own = Object.entries(gatewayCodes).map(([code, status]) => codeRow(code, status, 'said by the gateway'));
  const reasons = enumSymbols.RejectReason.map((reason) => codeRow(reason, statusOf(reason), reasonSentences[reason]));
  return `<section id="codes"><h2>Codes</h2><p>One body for every refusal: <code>code</code>, <code>message</code>, and where it is about a
field <code>field</code>, <code>given</code>, <code>allowed</code>; <code>request_id</code>; <code>sequence</code> where the exchange refused.</p>
<div class="wide"><table><tbody>${[...own, ...reasons].join('')}</tbody></table></div></section>`;
}

function codeRow(code: string, status: number, says: string): string {
  return `<tr id="code-${code}"><td><code>${code}</code></td><td>${status}</td><td>${escaped(says)}</td></tr>`;
}

/** Text with `code` in it. */
function prose(text: string): string {
  return escaped(text).replace(/`([^`]+)`/g, '<code>$1</code>');
}

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (sign) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[sign]!);
}

const STYLE = `
:root{color-scheme:light dark;--ink:light-dark(#1b1f24,#e4e7eb);--dim:light-dark(#5b6570,#9aa4af);--page:light-dark(#fff,#0f1317);--card:light-dark(#f5f6f8,#171c22);--line:light-dark(#dfe3e8,#2a313a);--accent:light-dark(#0b5fbe,#6cb2ff)}
*{box-sizing:border-box}body{margin:0;font:15px/1.55 system-ui,sans-serif;color:var(--ink);background:var(--page);display:grid;grid-template-columns:18rem minmax(0,1fr)}
nav{position:sticky;top:0;height:100vh;overflow:auto;padding:1.25rem;border-right:1px solid var(--line);font-size:13px}nav h2{font-size:12px;text-transform:uppercase;letter-spacing:.06em;color:var(--dim);margin:1.2rem 0 .3rem}
nav ul{list-style:none;margin:0;padding:0}nav li a{display:block;padding:.15rem 0;color:inherit;text-decoration:none;white-space:nowrap;overflow:hidden;text-overflow:ellipsis}nav li a:hover{color:var(--accent)}nav b{display:inline-block;width:3.6rem;font-size:11px}
.top{font-weight:700;color:inherit;text-decoration:none}main{padding:2rem clamp(1rem,4vw,3rem);max-width:64rem}h1{margin-top:0}main h2{margin:2.5rem 0 1rem;border-bottom:1px solid var(--line);padding-bottom:.3rem}
article{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:1rem 1.25rem;margin:0 0 1.25rem;scroll-margin-top:1rem}article h3{margin:0 0 .4rem;font-size:16px;overflow-wrap:anywhere}article p{margin:.4rem 0}
.facts,.answers,caption,figcaption{color:var(--dim);font-size:13px}.answers{padding-left:1.1rem;margin:.5rem 0}a{color:var(--accent)}code,pre{font:13px/1.5 ui-monospace,monospace}
.wide{overflow-x:auto}table{border-collapse:collapse;width:100%;margin:.6rem 0;font-size:13.5px}caption{text-align:left;padding-bottom:.2rem}td{border-top:1px solid var(--line);padding:.3rem .8rem .3rem 0;vertical-align:top}
figure{margin:.8rem 0 0}pre{background:var(--page);border:1px solid var(--line);border-radius:6px;padding:.6rem .8rem;overflow-x:auto;margin:.25rem 0 0}
.GET{color:light-dark(#0a6b3d,#56c98b)}.POST{color:light-dark(#0b5fbe,#6cb2ff)}.PATCH{color:light-dark(#8a5300,#e0a64a)}.DELETE{color:light-dark(#b3261e,#ff8a80)}
@media(max-width:52rem){body{display:block}nav{position:static;height:auto;max-height:40vh;border-right:0;border-bottom:1px solid var(--line)}}
`;
