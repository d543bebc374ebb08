/**
 * What may be asked for: `kafka:3`, `kafka@3.9:1`, `postgres+standby`. NAME, then @VERSION, :COUNT, +OPTION as far as the
 * server knows them.
 */

export const serverKinds = ['kafka', 's3', 'redis', 'redis-cluster', 'postgres', 'clickhouse', 'toxiproxy'] as const;
export type ServerKind = (typeof serverKinds)[number];

export interface Wish {
  readonly kind: ServerKind;
  readonly version: string;
  readonly count: number;
  readonly standby: boolean;
}

interface Choices {
  /** First: the default. */
  readonly versions: readonly string[];
  readonly counts: readonly number[];
  readonly standby?: true;
}

const choices: { readonly [Kind in ServerKind]: Choices } = {
  kafka: { versions: ['4.1', '3.9'], counts: [1, 3] },
  s3: { versions: ['versitygw', 'minio'], counts: [1] },
  redis: { versions: ['7'], counts: [1] },
  'redis-cluster': { versions: ['7'], counts: [6] },
  postgres: { versions: ['18'], counts: [1], standby: true },
  clickhouse: { versions: ['chdb'], counts: [1] },
  toxiproxy: { versions: ['2.12'], counts: [1] },
};

/** Throws a `TypeError` that names what was given and what is allowed. */
export function readWish(text: string): Wish {
  const match = /^([a-z0-9-]+)(?:@([\w.]+))?(?::(\d+))?(\+standby)?$/.exec(text);
  const kind = serverKinds.find((name) => name === match?.[1]);
  if (!match || !kind)
    throw new TypeError(`"${text}" is no server; there are ${serverKinds.map(described).join(', ')}`);
  const { versions, counts, standby } = choices[kind];
  const version = match[2] ?? versions[0]!;
  const count = Number(match[3] ?? counts[0]);
  const wrong = !versions.includes(version) || !counts.includes(count) || (match[4] !== undefined && !standby);
  if (wrong) throw new TypeError(`"${text}" is not to be had; there is ${described(kind)}`);
  return { kind, version, count, standby: match[4] !== undefined };
}

function described(kind: ServerKind): string {
  const { versions, counts, standby } = choices[kind];
  const version = versions.length > 1 ? `[@${versions.join('|@')}]` : '';
  const count = counts.length > 1 || counts[0] !== 1 ? `[:${counts.join('|:')}]` : '';
  return `${kind}${version}${count}${standby ? '[+standby]' : ''}`;
}
