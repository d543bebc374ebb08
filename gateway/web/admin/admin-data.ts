/** The listener of operators, asked with the token of whoever is signed in. */
import { createClient } from '../../client/create-client.ts';
import type { Result } from '../../client/errors.ts';
import { exchange } from '../exchange/the-exchange.ts';

let adminUrl: Promise<string | undefined> | undefined;

export async function askAdmin<T>(
  method: 'GET' | 'POST',
  path: string,
  body?: unknown,
  query?: { readonly [name: string]: string | number },
): Promise<Result<T>> {
  adminUrl ??= findAdmin();
  const url = await adminUrl;
  const { token } = exchange.session;
  if (url === undefined || token === undefined) {
    adminUrl = undefined;
    return { ok: false, error: { kind: 'offline', message: 'This gateway has no listener of operators.' } };
  }
  const client = createClient({ url, credentials: { kind: 'token', token } });
  return client.rest.request<T>({
    method,
    path: `/admin/v1/${path}`,
    ...(body === undefined ? {} : { body }),
    ...(query === undefined ? {} : { query }),
  });
}

async function findAdmin(): Promise<string | undefined> {
  const answer = await exchange.client.rest.request<{ readonly admin_port: number | null }>({
    method: 'GET',
    path: '/page.json',
  });
  if (!answer.ok || answer.value.admin_port === null) return undefined;
  return `${location.protocol}//${location.hostname}:${answer.value.admin_port}`;
}

export interface Effect {
  readonly what: string;
  readonly symbol?: string;
  readonly account?: string;
  readonly sequence: string;
  readonly count: string;
  readonly now?: string;
}
export interface Ordered {
  readonly control_offset: string;
  readonly taken_at: string | null;
  readonly effects: readonly Effect[];
}
export interface AdminMarkets {
  readonly markets: readonly {
    readonly symbol: string;
    readonly state: string;
    readonly reason: string;
    readonly sequence: string;
  }[];
  readonly lag: { readonly state: string; readonly settlement_ms: string | null };
}
export interface AdminAction {
  readonly action: string;
  readonly taken_at: string;
  readonly log: string;
  readonly offset: string;
  readonly symbol: string | null;
  readonly account: string | null;
  readonly detail: { readonly [name: string]: string };
  readonly reason: string;
  readonly requested_by: string;
  readonly approved_by: string | null;
  readonly effects: readonly Effect[];
}
export interface Adjustment {
  readonly adjustment_id: string;
  readonly account: string;
  readonly asset: string;
  readonly amount: string;
  readonly reason: string;
  readonly proposed_by: string;
  readonly decision: string | null;
}
