import { z } from 'zod';

const name = /^[a-z][a-z0-9_]*$/;

/** What may be said of history in the configuration, under `backends.history`. Without a `url` the engine is embedded. */
export const HistoryOptions = z.strictObject({
  url: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe('address of a ClickHouse server; leave out for the embedded engine'),
  user: z.string().min(1).default('default').describe('user of the server'),
  password: z.string().default('').describe('its password; give it by env()'),
  database: z
    .string()
    .regex(name)
    .default('sluice')
    .describe('database of the views; the tables lie in <database>_rows'),
  retentionDays: z.int().min(0).max(36_500).default(0).describe('days that rows are kept, 0: all'),
  lingerMs: z
    .int()
    .min(0)
    .max(60_000)
    .default(500)
    .describe('how long blocks wait for company before they are inserted'),
  insertRows: z.int().min(1).max(1_000_000).default(131_072).describe('rows at which they wait no longer'),
  callTimeoutMs: z.int().min(100).max(600_000).default(30_000).describe('deadline of one call of the server'),
});

export type HistoryOptions = z.output<typeof HistoryOptions>;

/** Options out of an effective configuration; what it does not say is as by default. Throws on unknown names. */
export function historyOptionsOf(config: unknown): HistoryOptions {
  const backends = (config as { readonly backends?: { readonly history?: unknown } } | null | undefined)?.backends;
  return HistoryOptions.parse(backends?.history ?? {});
}
