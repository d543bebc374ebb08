/** Options of the stores that follow the log. They stand under `backends`; each sink reads its own part. */
import { z } from 'zod';
import { option, whole } from './option.ts';

const databaseName = /^[a-z][a-z0-9_]*$/;
const bucketName = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;
const keyPrefix = /^(?:[A-Za-z0-9._-]+\/)*$/;
/** Names, IPv4, or IPv6 in brackets, each with a port. */
const hostList = /^(?:[A-Za-z0-9.-]+|\[[0-9a-fA-F:]+\]):\d{1,5}(?:,(?:[A-Za-z0-9.-]+|\[[0-9a-fA-F:]+\]):\d{1,5})*$/;

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
  insertRows: option(whole(1, 1_000_000).default(262_144), {
    help: 'Rows at which blocks wait no longer.',
    allowed: 'a whole number from 1 to 1,000,000',
  }),
  callTimeoutMs: option(whole(100, 600_000).default(30_000), {
    help: 'Deadline of one call of the server.',
    allowed: 'a whole number of milliseconds from 100 to 600,000',
    unit: 'ms',
  }),
});

/** An object store that speaks S3; used where a bucket is named. */
export const objectStoreOptions = z.strictObject({
  bucket: option(z.string().regex(bucketName).optional(), {
    help: 'Bucket of the archive. Default: a folder, and no object store.',
    allowed: 'a name of 3 to 63 small letters, digits, - and .',
    env: 'SLUICE_ARCHIVE_S3_BUCKET',
  }),
  prefix: option(z.string().regex(keyPrefix).default(''), {
    help: 'What the keys in the bucket begin with.',
    allowed: "nothing, or a path that ends with a slash, such as 'sluice/'",
    env: 'SLUICE_ARCHIVE_S3_PREFIX',
  }),
  endpoint: option(z.url({ protocol: /^https?$/ }).optional(), {
    help: 'Address of the store. Default: that of AWS for the region.',
    allowed: "an address such as 'http://127.0.0.1:9000'",
    env: 'SLUICE_ARCHIVE_S3_ENDPOINT',
  }),
  region: option(z.string().min(1).default('us-east-1'), {
    help: 'Region of the bucket.',
    allowed: 'a name',
    env: 'SLUICE_ARCHIVE_S3_REGION',
  }),
  accessKey: option(z.string().min(1).optional(), {
    help: "Access key. Default: as AWS's own tools find one.",
    allowed: "a text, best env('NAME')",
    env: 'SLUICE_ARCHIVE_S3_ACCESS_KEY',
    secret: true,
  }),
  secretKey: option(z.string().min(1).optional(), {
    help: 'Secret of the access key. Give it by env(), or by the variable.',
    allowed: "a text, best env('NAME')",
    env: 'SLUICE_ARCHIVE_S3_SECRET_KEY',
    secret: true,
  }),
  addressing: option(z.enum(['path', 'host']).default('path'), {
    help: 'Where the name of the bucket stands: in the path, or in the name of the host.',
    allowed: 'path, host',
  }),
  checksums: option(z.enum(['always', 'where required']).default('always'), {
    help: 'Whether every object carries a checksum that the store verifies. Some stores refuse it.',
    allowed: "'always', 'where required'",
  }),
  callTimeoutMs: option(whole(100, 600_000).default(15_000), {
    help: 'Deadline of one call of the store.',
    allowed: 'a whole number of milliseconds from 100 to 600,000',
    unit: 'ms',
  }),
});

/** The ledger in PostgreSQL: the embedded server, or servers where `hosts` are given. */
export const ledgerOptions = z.strictObject({
  hosts: option(z.string().regex(hostList).optional(), {
    help: 'PostgreSQL servers, primary and standbys in any order. Default: the embedded one.',
    allowed: "host:port, several separated by commas, such as 'db1:5432,db2:5432'",
    env: 'SLUICE_LEDGER_HOSTS',
  }),
  database: option(z.string().regex(databaseName).default('sluice'), {
    help: 'Database, which must exist.',
    allowed: 'small letters, digits and _, a letter first',
    env: 'SLUICE_LEDGER_DATABASE',
  }),
  user: option(z.string().min(1).default('sluice'), {
    help: 'Owner of the database: applies migrations and makes the roles that settle and read.',
    allowed: 'a name',
    env: 'SLUICE_LEDGER_USER',
  }),
  password: option(z.string().default(''), {
    help: "The owner's password; those of the other roles are derived from it. Give it by env(), or by the variable.",
    allowed: "a text, best env('NAME')",
    env: 'SLUICE_LEDGER_PASSWORD',
    secret: true,
  }),
  tls: option(z.enum(['off', 'verify']).default('off'), {
    help: "Whether connections are encrypted and the server's certificate is verified.",
    allowed: 'off, verify',
    env: 'SLUICE_LEDGER_TLS',
  }),
  synchronousStandby: option(z.enum(['wanted', 'required']).default('wanted'), {
    help: "With 'required' nothing is settled while no standby confirms every commit.",
    allowed: 'wanted, required',
    env: 'SLUICE_LEDGER_SYNCHRONOUS_STANDBY',
  }),
});

/** The logs of a cluster: topics of Kafka. */
export const kafkaOptions = z.strictObject({
  brokers: option(z.string().regex(hostList).default('127.0.0.1:9092'), {
    help: 'Brokers to begin with; the others are learned from them.',
    allowed: "host:port, several separated by commas, such as 'kafka1:9092,kafka2:9092'",
    env: 'SLUICE_KAFKA_BROKERS',
  }),
  prefix: option(
    z
      .string()
      .regex(/^[a-z][a-z0-9-]{0,31}$/)
      .default('sluice'),
    {
      help: 'What the names of topics and groups begin with: one exchange, one prefix.',
      allowed: '1 to 32 small letters, digits and -, a letter first',
      env: 'SLUICE_KAFKA_PREFIX',
    },
  ),
  replication: option(whole(1, 9).default(1), {
    help: 'Copies of each topic. With 3, one broker may be lost at any time.',
    allowed: 'a whole number from 1 to 9',
    env: 'SLUICE_KAFKA_REPLICATION',
  }),
  flush: option(z.boolean().default(true), {
    help: 'Whether a broker that stands alone syncs every write. Without it, what was acknowledged may be lost with the machine.',
    allowed: 'true, false',
  }),
  retentionHours: option(whole(1, 87_600).default(720), {
    help: 'How long records stay in the topics; longer than the oldest snapshot to start from.',
    allowed: 'a whole number of hours from 1 to 87,600',
    unit: 'h',
    env: 'SLUICE_KAFKA_RETENTION_HOURS',
  }),
  sessionMs: option(whole(1_000, 60_000).default(10_000), {
    help: 'After this time of silence an owner of partitions is taken for dead and others take over.',
    allowed: 'a whole number of milliseconds from 1,000 to 60,000',
    unit: 'ms',
    env: 'SLUICE_KAFKA_SESSION_MS',
  }),
});

/** Redis as a cache of what is asked for most; used where nodes are given. */
export const cacheOptions = z.strictObject({
  nodes: option(z.string().regex(hostList).optional(), {
    help: 'A Redis server, or nodes of a cluster. Default: no cache, which costs speed alone.',
    allowed: "host:port, several separated by commas, such as '127.0.0.1:6379'",
    env: 'SLUICE_CACHE_NODES',
  }),
  user: option(z.string().min(1).optional(), {
    help: 'User of the server. Default: none.',
    allowed: 'a name',
    env: 'SLUICE_CACHE_USER',
  }),
  password: option(z.string().min(1).optional(), {
    help: "The user's password. Give it by env(), or by the variable.",
    allowed: "a text, best env('NAME')",
    env: 'SLUICE_CACHE_PASSWORD',
    secret: true,
  }),
  prefix: option(
    z
      .string()
      .regex(/^[a-z0-9:_-]{1,32}$/)
      .default('sluice'),
    {
      help: 'What every key begins with.',
      allowed: '1 to 32 small letters, digits, :, _ and -',
      env: 'SLUICE_CACHE_PREFIX',
    },
  ),
});

/** The archive of closed segments. */
export const archiveOptions = z.strictObject({
  s3: objectStoreOptions.prefault({}),
  directory: option(z.string().min(1).optional(), {
    help: 'Folder of the archive; it should lie on another disk than the data. Default: archive in the data directory.',
    allowed: 'a path',
    env: 'SLUICE_ARCHIVE_DIR',
  }),
  codec: option(z.enum(['null', 'deflate', 'zstandard']).default('deflate'), {
    help: 'Compression inside the files. Every Avro reader knows deflate; zstandard takes half the time.',
    allowed: 'null, deflate, zstandard',
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
export type ObjectStoreOptions = z.output<typeof objectStoreOptions>;
export type LedgerOptions = z.output<typeof ledgerOptions>;
export type CacheOptions = z.output<typeof cacheOptions>;
export type KafkaOptions = z.output<typeof kafkaOptions>;
