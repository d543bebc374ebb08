/** Proxies of toxiproxy by its HTTP interface: between us and a server, with faults of the wire. */

export type Toxic =
  /** Nothing passes any more, and nothing is closed. */
  | { readonly type: 'timeout'; readonly attributes: { readonly timeout: number } }
  /** Connections are reset. */
  | { readonly type: 'reset_peer'; readonly attributes: { readonly timeout: number } }
  /** So many KB a second. */
  | { readonly type: 'bandwidth'; readonly attributes: { readonly rate: number } }
  | { readonly type: 'latency'; readonly attributes: { readonly latency: number; readonly jitter: number } }
  /** Cut after so many bytes. */
  | { readonly type: 'limit_data'; readonly attributes: { readonly bytes: number } };

export interface Toxiproxied {
  /** `host:port` to give to a client. */
  readonly address: string;
  readonly port: number;
  /** Towards the server (upstream) or back (downstream). */
  add(toxic: Toxic, stream?: 'upstream' | 'downstream'): Promise<void>;
  /** Everything passes again. Connections that a fault holds are cut. */
  heal(): Promise<void>;
}

let proxies = 0;

export async function proxyTo(control: { readonly url: string }, upstream: string): Promise<Toxiproxied> {
  const name = `proxy-${++proxies}`;
  const made = (await call(control.url, 'POST', '/proxies', { name, listen: '127.0.0.1:0', upstream })) as {
    readonly listen: string;
  };
  const address = made.listen;
  let toxics: string[] = [];
  return {
    address,
    port: Number(address.split(':').at(-1)),
    async add(toxic, stream = 'downstream') {
      const toxicName = `${toxic.type}-${toxics.length}`;
      await call(control.url, 'POST', `/proxies/${name}/toxics`, { name: toxicName, stream, toxicity: 1, ...toxic });
      toxics.push(toxicName);
    },
    async heal() {
      for (const toxic of toxics) await call(control.url, 'DELETE', `/proxies/${name}/toxics/${toxic}`);
      toxics = [];
      await call(control.url, 'POST', `/proxies/${name}`, { enabled: false });
      await call(control.url, 'POST', `/proxies/${name}`, { enabled: true, listen: address, upstream });
    },
  };
}

async function call(url: string, method: string, path: string, body?: unknown): Promise<unknown> {
  const response = await fetch(url + path, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(5_000),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`toxiproxy: ${method} ${path}: ${response.status} ${text}`);
  return text === '' ? undefined : JSON.parse(text);
}
