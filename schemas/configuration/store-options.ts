/** Options of the stores that follow the log. They stand under `backends`; each sink reads its own part. */
import { z } from 'zod';
import { option, whole } from './option.ts';

const databaseName = /^[a-z][a-z0-9_]*$/;

/** History in ClickHouse: the embedded engine, or a server where a `url` is given. */
export const historyOptions = z.strictObject({
  url: option(z.url({ protocol: /^https?$/ }).optional(), {
    help: 'Address of a ClickHouse server. Default: the embedded engine.',
    allowed: "an address such as 'http://127.0.0.1:8123'",
    env: 'SLUICE_HISTORY_URL',
  }),
  user: option(z.string().min(1).default('default'), {
    help: 'User of the server.',
    allowed: 'a name',
    env: 'SLUICE_HISTORY_USER',
  }),
  password: option(z.string().default(''), {
    help: "The user's password. Give it by env(), or by the variable.",
    allowed: "a text, best env('NAME')",
    env: 'SLUICE_HISTORY_PASSWORD',
    secret: true,
  }),
  database: option(z.string().regex(databaseName).default('sluice'), {
    help: 'Database of the views; the tables lie in <database>_rows.',
    allowed: 'small letters, digits and _, a letter first',
    env: 'SLUICE_HISTORY_DATABASE',
  }),
  retentionDays: option(whole(0, 36_500).default(0), {
    help: 'Days that rows are kept. 0 keeps all.',
    allowed: 'a whole number from 0 to 36,500',
    env: 'SLUICE_HISTORY_RETENTION_DAYS',
  }),
  lingerMs: option(whole(0, 60_000).default(500), {
    help: 'How long blocks wait for company before they are inserted.',
    allowed: 'a whole number of milliseconds from 0 to 60,000',
    unit: 'ms',
  }),
  insertRows: option(whole(1, 1_000_000).default(131_072), {
    help: 'Rows at which blocks wait no longer.',
    allowed: 'a whole number from 1 to 1,000,000',
  }),
  callTimeoutMs: option(whole(100, 600_000).default(30_000), {
    help: 'Deadline of one call of the server.',
    allowed: 'a whole number of milliseconds from 100 to 600,000',
    unit: 'ms',
  }),
});

/** The archive of closed segments. */
export const archiveOptions = z.strictObject({
  directory: option(z.string().min(1).optional(), {
    help: 'Folder of the archive; it should lie on another disk than the data. Default: archive in the data directory.',
    allowed: 'a path',
    env: 'SLUICE_ARCHIVE_DIR',
  }),
  codec: option(z.enum(['null', 'deflate']).default('deflate'), {
    help: 'Compression inside the files.',
    allowed: 'null, deflate',
  }),
  segmentRecords: option(whole(4_096, 1_048_576).multipleOf(1_024).default(65_536), {
    help: 'Records after which a segment closes.',
    allowed: 'a multiple of 1,024 from 4,096 to 1,048,576',
  }),
  segmentSeconds: option(whole(1, 60).default(60), {
    help: 'Log time after which a segment closes, at a tick.',
    allowed: 'a whole number of seconds from 1 to 60',
    unit: 's',
  }),
});

export type HistoryOptions = z.output<typeof historyOptions>;
export type ArchiveOptions = z.output<typeof archiveOptions>;
