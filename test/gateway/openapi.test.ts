/** The description of REST: made from the routes that are served, equal to the file, and every example in it works. */
import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { pipelineRoutes } from '../../gateway/pipeline/pipeline-routes.ts';
import { openApiOf } from '../../gateway/rest/openapi.ts';
import { everyRoute, OPENAPI_FILE, openApiText } from '../../gateway/rest/openapi-file.ts';
import { servedRoutes } from '../../gateway/rest/rest-server.ts';
import type { AnyRoute, Example } from '../../gateway/rest/route.ts';
import { type RunningGateway, runGateway, tokenOf } from './running-gateway.ts';

const TRADER = 101;
const MAKER = 102;
const page = readFileSync(join(import.meta.dirname, '../../docs/rest.md'), 'utf8');
/** Need a store that does not run here; their examples run beside it. */
const WITH_STORES: ReadonlySet<string> = new Set(['ledger']);

const run = promisify(execFile);

let gateway: RunningGateway;

before(async () => {
  gateway = await runGateway();
  for (const account of [TRADER, MAKER]) {
    await gateway.fund(account, 'USD', '10000');
    await gateway.fund(account, 'BTC', '5');
  }
  const order = { symbol: 'BTC-USD', type: 'limit', price: '100.00', quantity: '5' };
  await gateway.ask(MAKER, 'POST', '/v1/orders', { ...order, side: 'sell' });
  await gateway.ask(TRADER, 'POST', '/v1/orders', { ...order, side: 'buy', quantity: '0.1' });
  await gateway.advance(2);
});
after(async () => {
  await gateway.stop();
});

interface Described {
  readonly paths: { readonly [path: string]: { readonly [method: string]: { readonly operationId: string } } };
}
const operationsOf = ({ paths }: Described): string[] =>
  Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path.replace(/\{(\w+)\}/g, ':$1')}`),
  );

describe('the description of REST', () => {
  it('is the file, word for word; `node gateway/rest/openapi-file.ts` writes it anew', () => {
    assert.equal(readFileSync(OPENAPI_FILE, 'utf8'), openApiText());
  });

  it('is served, and lists the routes that the server has and no other', async () => {
    const { body } = await gateway.ask(0, 'GET', '/v1/openapi.json');
    assert.deepEqual(body, JSON.parse(JSON.stringify(openApiOf(servedRoutes(pipelineRoutes)))));
    const live = routesIn(gateway.app.printRoutes({ commonPrefix: false }));
    assert.deepEqual(operationsOf(body).sort(), live.sort());
  });

  it('has no reference that leads nowhere, and no name twice', () => {
    const text = openApiText();
    const described = JSON.parse(text) as Described & { readonly components: { readonly schemas: object } };
    const names = Object.keys(described.components.schemas);
    for (const [, name] of text.matchAll(/"\$ref": "#\/components\/schemas\/(\w+)"/g)) {
      assert.ok(names.includes(name!), name);
    }
    assert.doesNotMatch(text, /\$defs|"\$schema"/);
    const ids = Object.values(described.paths).flatMap((methods) =>
      Object.values(methods).map(({ operationId }) => operationId),
    );
    assert.equal(new Set(ids).size, ids.length);
  });

  it('says of every private route that a credential is needed, and the server keeps to it', async () => {
    for (const { method, path, access } of servedRoutes(pipelineRoutes)) {
      const response = await gateway.app.inject({ method, url: path.replace(/:\w+/g, 'x') });
      assert.equal(response.statusCode === 401, access !== 'public', `${method} ${path}`);
    }
  });

  it('is the list on the page of REST, word for word', () => {
    const rows = [...page.matchAll(/^\| `([A-Z]+) (\/\S+)` \| (\w*) ?\| (.+) \|$/gm)].map((row) => row.slice(1));
    assert.deepEqual(
      rows,
      everyRoute().map(({ method, path, access, summary }) => [
        method,
        path,
        access === 'public' ? '' : access,
        summary,
      ]),
    );
  });

  it('begins with lines that work when they are pasted', async (test) => {
    if (spawnSync('curl', ['--version']).status !== 0) return test.skip('there is no curl here');
    await gateway.app.listen({ host: '127.0.0.1', port: 0 });
    const { port } = gateway.app.server.address() as AddressInfo;
    const env = { ...process.env, SLUICE: `http://127.0.0.1:${port}`, TOKEN: tokenOf(TRADER) };
    const lines = /```sh\n([\s\S]+?)```/.exec(page)![1]!.trim().split('\n');
    assert.ok(lines.length >= 9);
    for (const line of lines) {
      const { stdout } = await run('bash', ['-c', `${line} -w '\n%{http_code}'`], { env });
      const [body, status] = stdout.split('\n') as [string, string];
      assert.ok(status === '200' || status === '201', `${line}: ${status} ${body}`);
      JSON.parse(body);
    }
  });

  it('is a page that needs nothing from elsewhere and runs no script', async () => {
    const response = await gateway.app.inject({ method: 'GET', url: '/v1/docs' });
    assert.match(String(response.headers['content-type']), /^text\/html/);
    assert.match(String(response.headers['content-security-policy']), /default-src 'none'/);
    assert.doesNotMatch(response.body, /<script|<link|src=|@import|url\(|https?:/);
    for (const { path, id } of servedRoutes(pipelineRoutes)) {
      assert.ok(response.body.includes(`<code>${path}</code>`) && response.body.includes(`id="${id}"`), path);
    }
    const targets = [...response.body.matchAll(/href="#([\w-]+)"/g)].map(([, target]) => target);
    for (const target of targets) assert.ok(response.body.includes(`id="${target}"`), `#${target}`);
  });
});

describe('an example', () => {
  it('there is of every route', () => {
    const without = everyRoute().filter(({ examples }) => examples.length === 0);
    assert.deepEqual(
      without.map(({ id }) => id),
      ['pipelineSample'],
      'an edge has a name that only a running graph knows',
    );
  });

  for (const route of servedRoutes(pipelineRoutes)) {
    if (WITH_STORES.has(route.id)) continue;
    for (const example of route.examples) {
      it(`${route.id}: ${example.says} (${example.status})`, async () => {
        const { method, url, headers, body } = requestOf(route, example);
        const response = await gateway.app.inject({
          method: method as 'GET',
          url,
          headers: {
            ...headers,
            ...(route.access === 'public' ? {} : { authorization: `Bearer ${tokenOf(TRADER)}` }),
            ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          },
          ...(body === undefined ? {} : { payload: body }),
        });
        assert.equal(response.statusCode, example.status, `${method} ${url} ${body}: ${response.body}`);
        const shape = route.answers[response.statusCode]?.body;
        if (shape) assert.ok(shape.safeParse(response.json()).success, response.body);
      });
    }
  }
});

const WORDS: { readonly [word: string]: string } = { low: '95.00', last: '100.00' };

function requestOf({ method, path }: AnyRoute, { params, query, headers, body }: Example) {
  const filled = path.replace(/:(\w+)/g, (_, name: string) => encodeURIComponent(params?.[name] ?? ''));
  const search = query === undefined ? '' : `?${new URLSearchParams(query)}`;
  return {
    method,
    url: filled + search,
    headers: headers ?? {},
    body: body === undefined ? undefined : JSON.stringify(body).replace(/\{(low|last)\}/g, (_, word) => WORDS[word]!),
  };
}

/** Of the printed tree: a line below another continues its path. */
function routesIn(tree: string): string[] {
  const paths: string[] = [];
  return tree.split('\n').flatMap((line) => {
    const [, indent = '', path = '', methods] = /^([│ ]*)[├└]── (\S+)(?: \(([A-Z, ]+)\))?/.exec(line) ?? [];
    const depth = indent.length / 4;
    paths[depth] = (paths[depth - 1] ?? '') + path;
    const served = methods?.split(', ').filter((method) => method !== 'HEAD' && method !== 'OPTIONS') ?? [];
    return served.map((method) => `${method} ${paths[depth]}`);
  });
}
