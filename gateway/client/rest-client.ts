import type { Identity } from './credentials.ts';
import { failed, ok, type Result } from './errors.ts';
import { type ErrorTold, refusal } from './order-sender.ts';
import type { ClientOutside } from './outside.ts';
import type { RestApi, RestRequest } from './rest-api.ts';

/** REST with credentials and a deadline; every outcome is a value. */
export function restClient(url: string, identity: Identity, outside: ClientOutside, timeoutMs: number): RestApi {
  async function attempt<T>({ method, path, query, body, text, headers, withinMs }: RestRequest): Promise<Result<T>> {
    const rawQuery = queryOf(query);
    const rawBody = text ?? (body === undefined ? '' : JSON.stringify(body));
    const signal = AbortSignal.timeout(withinMs ?? timeoutMs);
    let response: Response;
    let told: unknown;
    try {
      const credentials = await identity.headers({ method, path, query: rawQuery, body: rawBody });
      response = await outside.fetch(`${url}${path}${rawQuery === '' ? '' : `?${rawQuery}`}`, {
        method,
        headers: {
          ...(rawBody === '' ? {} : { 'content-type': text === undefined ? 'application/json' : 'text/plain' }),
          ...headers,
          ...credentials,
        },
        ...(rawBody === '' ? {} : { body: rawBody }),
        signal,
      });
      told = toldBy(await response.text(), response);
    } catch (error) {
      // It may have arrived all the same.
      return failed({ kind: 'unknown', message: `No answer came: ${(error as Error).message}` });
    }
    if (response.ok) return ok(told as T);
    const seconds = Number(response.headers.get('retry-after') ?? Number.NaN);
    const retry_after_ms = Number.isFinite(seconds) ? seconds * 1000 : undefined;
    return failed(refusal({ retry_after_ms, ...(told as ErrorTold) }));
  }

  async function request<T>(asked: RestRequest): Promise<Result<T>> {
    const first = await attempt<T>(asked);
    if (first.ok || first.error.kind !== 'refused') return first;
    return (await identity.renew(first.error.code)) ? attempt<T>(asked) : first;
  }

  const name = encodeURIComponent;
  /** An order id, or `client:` and a client order id; both need no escape but the colon may stay. */
  const orderPath = (order: string) => `/v1/orders/${name(order).replace('%3A', ':')}`;

  return {
    request,
    time: () => request({ method: 'GET', path: '/v1/time' }),
    symbols: () => request({ method: 'GET', path: '/v1/symbols' }),
    book: (symbol, depth) => request({ method: 'GET', path: `/v1/book/${name(symbol)}`, query: { depth } }),
    trades: (symbol, limit) => request({ method: 'GET', path: `/v1/trades/${name(symbol)}`, query: { limit } }),
    candles: (symbol, interval, limit) =>
      request({ method: 'GET', path: `/v1/candles/${name(symbol)}`, query: { interval, limit } }),
    ticker: (symbol) => request({ method: 'GET', path: `/v1/ticker/${name(symbol)}` }),
    balances: () => request({ method: 'GET', path: '/v1/balances' }),
    deposit: (asset, amount, deposit_id = outside.newId(22)) =>
      request({ method: 'POST', path: '/v1/paper-deposits', body: { asset, amount, deposit_id } }),
    place: (order) =>
      request({
        method: 'POST',
        path: '/v1/orders',
        body: { ...order, client_order_id: order.client_order_id ?? outside.newId(22) },
      }),
    order: (order) => request({ method: 'GET', path: orderPath(order) }),
    orders: (symbol) => request({ method: 'GET', path: '/v1/orders', query: { symbol } }),
    amend: (order, to) => request({ method: 'PATCH', path: orderPath(order), body: to }),
    cancel: (order) => request({ method: 'DELETE', path: orderPath(order) }),
    cancelAll: (symbol) => request({ method: 'DELETE', path: '/v1/orders', query: { symbol } }),
  };
}

/** What is no JSON is the answer of a route that speaks to other clients as well; its words are kept. */
function toldBy(text: string, response: Response): unknown {
  if (response.headers.get('content-type')?.includes('json')) return JSON.parse(text);
  return response.ok ? text : { code: 'refused', message: text.trim() };
}

function queryOf(query: RestRequest['query'] = {}): string {
  return Object.entries(query)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${encodeURIComponent(key)}=${encodeURIComponent(String(value))}`)
    .join('&');
}
