/** Where started servers answer, and how they want to be asked. */

export interface Addresses {
  readonly kafka?: KafkaAddress;
  readonly s3?: S3Address;
  readonly redis?: { readonly host: string; readonly port: number };
  readonly redisCluster?: { readonly nodes: readonly { readonly host: string; readonly port: number }[] };
  readonly postgres?: PostgresAddress;
  readonly clickhouse?: ClickhouseAddress;
  readonly toxiproxy?: { readonly url: string };
}

export interface KafkaAddress {
  /** `host:port` of each broker, by the order of `kafka-1` and so on. */
  readonly brokers: readonly string[];
  readonly version: string;
}

export interface S3Address {
  readonly endpoint: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Exists already. */
  readonly bucket: string;
}

export interface PostgresAddress {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  /** Owner of the server. */
  readonly user: string;
  readonly password: string;
  readonly standby?: { readonly host: string; readonly port: number };
}

export interface ClickhouseAddress {
  readonly url: string;
  readonly user: string;
  readonly password: string;
  readonly database: string;
}

/** The variables of the configuration that lead a run of `sluice` to these servers. */
export function environmentOf(addresses: Addresses): { readonly [name: string]: string } {
  const { kafka, s3, redis, redisCluster, postgres, clickhouse, toxiproxy } = addresses;
  return {
    ...(kafka && { SLUICE_KAFKA_BROKERS: kafka.brokers.join(',') }),
    ...(s3 && {
      SLUICE_ARCHIVE_S3_ENDPOINT: s3.endpoint,
      SLUICE_ARCHIVE_S3_REGION: s3.region,
      SLUICE_ARCHIVE_S3_BUCKET: s3.bucket,
      SLUICE_ARCHIVE_S3_ACCESS_KEY: s3.accessKeyId,
      SLUICE_ARCHIVE_S3_SECRET_KEY: s3.secretAccessKey,
    }),
    ...((redis ?? redisCluster) && {
      SLUICE_CACHE_NODES: (redisCluster?.nodes ?? [redis!]).map(({ host, port }) => `${host}:${port}`).join(','),
    }),
    ...(postgres && {
      SLUICE_LEDGER_HOSTS: [postgres, ...(postgres.standby ? [postgres.standby] : [])]
        .map(({ host, port }) => `${host}:${port}`)
        .join(','),
      SLUICE_LEDGER_DATABASE: postgres.database,
      SLUICE_LEDGER_USER: postgres.user,
      SLUICE_LEDGER_PASSWORD: postgres.password,
    }),
    ...(clickhouse && {
      SLUICE_HISTORY_URL: clickhouse.url,
      SLUICE_HISTORY_USER: clickhouse.user,
      SLUICE_HISTORY_PASSWORD: clickhouse.password,
      SLUICE_HISTORY_DATABASE: clickhouse.database,
    }),
    ...(toxiproxy && { SLUICE_TOXIPROXY_URL: toxiproxy.url }),
  };
}
