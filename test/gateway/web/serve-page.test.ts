import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import fastify, { type FastifyInstance } from 'fastify';
import { contentPolicy, servePage } from '../../../gateway/web/serve-page.ts';

const BUILD_MS = 120_000;
const said: string[] = [];
let app: FastifyInstance;

before(async () => {
  app = fastify();
  await servePage(app, { say: (line) => said.push(line), adminPort: 7718 });
  await app.ready();
});
after(() => app.close());

const get = (url: string, headers = {}) => app.inject({ method: 'GET', url, headers });

async function builtPage() {
  const deadline = performance.now() + BUILD_MS;
  for (;;) {
    const answer = await get('/');
    if (answer.statusCode !== 503) return answer;
    assert.match(answer.body, /It will be here in a moment/, 'until then it says so, and comes again by itself');
    assert.ok(performance.now() < deadline, said.join('\n'));
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

test('serves the page under a strict policy, and its assets for ever', async () => {
  const page = await builtPage();
  assert.equal(page.statusCode, 200, said.join('\n'));
  const policy = String(page.headers['content-security-policy']);
  assert.match(policy, /default-src 'none'/);
  assert.doesNotMatch(policy, /unsafe|\*|https?:\/\/(?!localhost:7718)/);
  assert.match(policy, /frame-ancestors 'none'/);
  assert.equal(page.headers['cache-control'], 'no-cache');
  const assets = [...page.body.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)].map(([, path]) => path!);
  assert.ok(assets.length >= 2, 'a script and a style');
  for (const path of assets) {
    const asset = await get(path);
    assert.equal(asset.statusCode, 200, path);
    assert.match(String(asset.headers['cache-control']), /max-age=31536000, immutable/);
    assert.equal(asset.headers['x-content-type-options'], 'nosniff');
  }
});

test('serves nothing beside its assets, however the path is written', async () => {
  await builtPage();
  for (const path of [
    '/assets/../index.html',
    '/assets/%2e%2e/index.html',
    '/assets/..%2f..%2fserve-page.ts',
    '/assets/..\\..\\serve-page.ts',
    '/assets/',
    '/assets/none.js',
    '/serve-page.ts',
    '/index.html',
  ]) {
    const answer = await get(path);
    assert.ok(answer.statusCode === 404 || answer.statusCode === 403, `${path}: ${answer.statusCode}`);
  }
});

test('a host that would widen the policy is given nothing of it', async () => {
  await builtPage();
  for (const host of ["x;script-src 'unsafe-inline'", 'a b', 'evil.example; default-src *']) {
    const answer = await get('/', { host });
    assert.match(String(answer.headers['content-security-policy']), /connect-src 'self';/, host);
  }
  const usual = await get('/', { host: 'exchange.example:7717' });
  assert.match(String(usual.headers['content-security-policy']), /connect-src 'self' http:\/\/exchange\.example:7718;/);
});

test('the policy names the very scripts that stand in the document', () => {
  const policy = contentPolicy('<script>a()</script><style>b{}</style>', []);
  assert.match(policy, /script-src 'self' 'sha256-[A-Za-z0-9+/]{43}='/);
  assert.match(policy, /style-src 'self' 'sha256-[A-Za-z0-9+/]{43}='/);
  assert.notEqual(policy, contentPolicy('<script>c()</script><style>b{}</style>', []));
});
