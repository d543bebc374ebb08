/**
 * An object store that speaks S3: versitygw over a folder for every day; MinIO, which syncs what it stores, where durability
 * counts. Both honour conditions on puts.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Addresses } from '../addresses.ts';
import type { Instance } from '../instance.ts';
import { goProgram, type Say } from '../tools-cache.ts';
import type { Wish } from '../wishes.ts';

const REGION = 'us-east-1';
const BUCKET = 'sluice';
const ACCESS_KEY = 'sluice-access';
const SECRET_KEY = 'sluice-secret';

export function fetchS3(version: string, say: Say): Promise<string> {
  return version === 'minio'
    ? goProgram('minio', 'github.com/minio/minio', 'v0.0.0-20260212201848-7aac2a2c5b7c', say)
    : goProgram('versitygw', 'github.com/versity/versitygw/cmd/versitygw', 'v1.8.0', say);
}

export async function startS3(wish: Wish, instance: Instance): Promise<Addresses> {
  const program = await fetchS3(wish.version, instance.say);
  const port = await instance.port();
  const folder = instance.folderOf('s3');
  const data = join(folder, 'data');
  // A folder of the first level is a bucket, in both.
  mkdirSync(join(data, BUCKET), { recursive: true });
  const address = `127.0.0.1:${port}`;
  const isMinio = wish.version === 'minio';
  await instance.launch({
    name: 's3',
    command: program,
    args: isMinio
      ? ['server', '--quiet', '--address', address, data]
      : ['--port', address, '--region', REGION, '--quiet', '--keep-alive', '--health', '/health', 'posix', data],
    environment: isMinio
      ? { MINIO_ROOT_USER: ACCESS_KEY, MINIO_ROOT_PASSWORD: SECRET_KEY, MINIO_BROWSER: 'off', MINIO_UPDATE: 'off' }
      : { ROOT_ACCESS_KEY: ACCESS_KEY, ROOT_SECRET_KEY: SECRET_KEY },
    cwd: folder,
    log: instance.logOf('s3'),
    ports: { s3: port },
    probe: { speaks: 'http', port, path: isMinio ? '/minio/health/live' : '/health' },
    readyMs: 30_000,
  });
  return {
    s3: {
      endpoint: `http://${address}`,
      region: REGION,
      accessKeyId: ACCESS_KEY,
      secretAccessKey: SECRET_KEY,
      bucket: BUCKET,
    },
  };
}
