/**
 * Objects in a bucket, over S3's own protocol. A key is created once, by a condition on the put that the store itself holds;
 * whether it does is proven at the start, as some stores ignore conditions and some let two writers win.
 *
 * Every call has a deadline and is made once: who asks again is the sink. A call in doubt (no answer, or the answer lost)
 * counts as failed; when the put is made again, the store says that the object exists, and the caller compares.
 */
import { createHash, randomBytes } from 'node:crypto';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  type S3ClientConfig,
} from '@aws-sdk/client-s3';
import type { ObjectStoreOptions } from '../../schemas/config.ts';
import { ExitError } from '../../schemas/exit.ts';
import { type ObjectStore, StoreUnavailable } from './object-store.ts';

export interface S3Store extends ObjectStore {
  /** Ends open connections. */
  close(): void;
}

/** A segment is a few MB; what is larger is no object of ours, and would not go in one put. */
const OBJECT_BYTES_MAX = 64 * 2 ** 20;
const CONNECT_MS = 2_000;
/** Creators of one key at the start, of whom exactly one may win. */
const RACERS = 8;
/** What asking again does not change: rights, names, what the store cannot do. */
const lasting: ReadonlySet<number> = new Set([400, 401, 403, 404, 405, 501]);

/** Opens a bucket; nothing is asked of it before the first call. Throws `ExitError` 78 without a bucket. */
export function openS3Store(options: ObjectStoreOptions): S3Store {
  const { bucket, prefix, callTimeoutMs } = options;
  if (bucket === undefined) throw new ExitError(78, 'archive: no bucket is given');
  const name = `s3://${bucket}/${prefix}${options.endpoint === undefined ? '' : ` at ${options.endpoint}`}`;
  let client = new S3Client(clientConfig(options));
  /** It has answered as it should: from then on a refusal is a fault of the store, which may end, not of our settings. */
  let proven = false;

  const call = async <T>(what: string, work: (signal: AbortSignal) => Promise<T>): Promise<T> => {
    const deadline = AbortSignal.timeout(callTimeoutMs);
    try {
      const result = await within(deadline, work(deadline));
      proven = true;
      return result;
    } catch (error) {
      if (deadline.aborted) {
        // A client in doubt is thrown away: an answer that stopped half-way keeps its socket, and the pool has an end.
        client.destroy();
        client = new S3Client(clientConfig(options));
      }
      if (error instanceof ExitError || error instanceof StoreUnavailable) throw error;
      throw judge(error, `archive ${name}: ${what}`, deadline.aborted, proven);
    }
  };

  const create = (key: string, bytes: Uint8Array): Promise<'created' | 'exists'> =>
    call(`put ${key}`, async (abortSignal) => {
      if (bytes.length > OBJECT_BYTES_MAX) {
        throw new ExitError(70, `archive: ${key} has ${bytes.length} bytes, and ${OBJECT_BYTES_MAX} are most`);
      }
      const checksum =
        options.checksums === 'always'
          ? { ChecksumSHA256: createHash('sha256').update(bytes).digest('base64') }
          : { ContentMD5: createHash('md5').update(bytes).digest('base64') };
      const place = { Bucket: bucket, Key: prefix + key, IfNoneMatch: '*' };
      try {
        await client.send(new PutObjectCommand({ ...place, ...checksum, Body: bytes, ContentLength: bytes.length }), {
          abortSignal,
        });
        return 'created';
      } catch (error) {
        if (statusOf(error) === 412) return 'exists';
        throw error;
      }
    });

  const read = (key: string): Promise<Uint8Array | undefined> =>
    call(`get ${key}`, async (abortSignal) => {
      try {
        const answer = await client.send(new GetObjectCommand({ Bucket: bucket, Key: prefix + key }), { abortSignal });
        if ((answer.ContentLength ?? 0) > 2 * OBJECT_BYTES_MAX) {
          (answer.Body as unknown as { destroy?(): void } | undefined)?.destroy?.();
          throw new StoreUnavailable(`archive ${name}: ${key} has ${answer.ContentLength} bytes: no object of ours`);
        }
        return (await answer.Body?.transformToByteArray()) ?? new Uint8Array(0);
      } catch (error) {
        if (error instanceof Error && error.name === 'NoSuchKey') return undefined;
        throw error;
      }
    });

  const list = async (within: string): Promise<string[]> => {
    const keys: string[] = [];
    for (let token: string | undefined; ; ) {
      const page = await call(`list ${within}`, (abortSignal) =>
        client.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix + within, ContinuationToken: token }), {
          abortSignal,
        }),
      );
      for (const { Key } of page.Contents ?? []) if (Key !== undefined) keys.push(Key.slice(prefix.length));
      if (!page.IsTruncated) break;
      if (page.NextContinuationToken === undefined || page.NextContinuationToken === token) {
        throw new StoreUnavailable(`archive ${name}: the list of ${within} does not go on`);
      }
      token = page.NextContinuationToken;
    }
    return keys.sort();
  };

  return {
    name,
    create,
    read,
    list,
    async prove() {
      const key = `probe/${randomBytes(12).toString('hex')}`;
      const contents = Array.from({ length: RACERS }, (_, racer) => Buffer.from(`racer ${racer}`));
      const outcomes = await Promise.all(contents.map((bytes) => createPatiently(create, key, bytes)));
      const winners = outcomes.flatMap((outcome, racer) => (outcome === 'created' ? [racer] : []));
      const found = await read(key);
      // It is of no use any more; a store that does not let us remove it keeps ten bytes.
      await call(`delete ${key}`, (abortSignal) =>
        client.send(new DeleteObjectCommand({ Bucket: bucket, Key: prefix + key }), { abortSignal }),
      ).catch(() => undefined);
      const kept = winners.length === 1 && found && Buffer.compare(found, contents[winners[0]!]!) === 0;
      if (kept) return;
      throw new ExitError(
        78,
        `archive: of ${RACERS} that created one object of ${name} at once, ${winners.length} were told that they did; ` +
          'a store that does not keep "If-None-Match: *" cannot tell two histories apart',
      );
    },
    close: () => client.destroy(),
  };
}

/** A store may ask one of two at once to try again (409). */
async function createPatiently(
  create: ObjectStore['create'],
  key: string,
  bytes: Uint8Array,
): Promise<'created' | 'exists'> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await create(key, bytes);
    } catch (error) {
      const cause = error instanceof Error ? error.cause : undefined;
      if (statusOf(cause) !== 409 || attempt === 5) throw error;
    }
  }
}

function clientConfig(options: ObjectStoreOptions): S3ClientConfig {
  const { endpoint, region, accessKey, secretKey, callTimeoutMs } = options;
  const checks = options.checksums === 'always' ? 'WHEN_SUPPORTED' : 'WHEN_REQUIRED';
  return {
    region,
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(accessKey === undefined || secretKey === undefined
      ? {}
      : { credentials: { accessKeyId: accessKey, secretAccessKey: secretKey } }),
    forcePathStyle: options.addressing === 'path',
    maxAttempts: 1,
    requestChecksumCalculation: checks,
    responseChecksumValidation: checks,
    requestHandler: {
      connectionTimeout: Math.min(CONNECT_MS, callTimeoutMs),
      requestTimeout: callTimeoutMs,
      throwOnRequestTimeout: true,
    },
  };
}

/** The deadline also where the library waits for something that hears no signal: a socket of its pool, a body. */
function within<T>(deadline: AbortSignal, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const late = (): void => reject(new Error('no answer in time'));
    deadline.addEventListener('abort', late, { once: true });
    work.then(resolve, reject).finally(() => deadline.removeEventListener('abort', late));
  });
}

function judge(error: unknown, what: string, late: boolean, proven: boolean): Error {
  const status = statusOf(error);
  const said = error instanceof Error ? `${error.name}: ${error.message}`.slice(0, 300) : String(error);
  const message = `${what}: ${late ? 'no answer in time' : `${status === undefined ? '' : `${status} `}${said}`}`;
  if (!late && !proven && status !== undefined && lasting.has(status)) {
    return new ExitError(78, `${message}; look at backends.archive.s3`, { cause: error });
  }
  return new StoreUnavailable(message, { cause: error });
}

function statusOf(error: unknown): number | undefined {
  return (error as { readonly $metadata?: { readonly httpStatusCode?: number } } | undefined)?.$metadata
    ?.httpStatusCode;
}
