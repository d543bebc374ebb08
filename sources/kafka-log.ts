/**
 * Topics of Kafka as logs to read. With `sinks/kafka-log.ts` the only file that knows kafkajs.
 *
 * A reader of fixed partitions is the only member of a group of its own, because the client reads in groups alone; its
 * assigner gives it what it asked for. It commits nothing: where to go on is part of the reader's own state. The client
 * resumes anywhere after a crash of its own, so the wanted offsets are sought in every join of the group.
 */
import { randomBytes } from 'node:crypto';
import kafkajs, { type Admin, type Consumer, type EachBatchPayload, type Kafka, type PartitionAssigner } from 'kafkajs';
import type {
  BrokerRecord,
  Ends,
  LogReading,
  LogSource,
  MemberOptions,
  ReaderOptions,
  ReadFrom,
  TopicPartition,
} from '../pipelines/runtime/cluster/broker.ts';
import { ExitError } from '../schemas/exit.ts';
import { SESSION_HEADER, TOPIC_HEADER } from '../schemas/topic-record.ts';

export interface KafkaAddress {
  readonly brokers: readonly string[];
  readonly clientId: string;
  /** How long a silent broker is waited for until the process ends (75), milliseconds. */
  readonly patienceMs?: number;
}

const PATIENCE_MS = 20_000;
const FETCH_WAIT_MS = 100;
const READER_SESSION_MS = 45_000;
/** A fetch brings so many bytes of a partition at most, but always one whole batch. */
const FETCH_BYTES = 4 * 1024 * 1024;

/** The client with our deadlines: it rides out a broker that is killed and comes back. */
export function kafkaClient({ brokers, clientId }: KafkaAddress): Kafka {
  silenceNegativeTimeouts();
  return new kafkajs.Kafka({
    clientId,
    brokers: [...brokers],
    logLevel: kafkajs.logLevel.NOTHING,
    connectionTimeout: 1_000,
    authenticationTimeout: 5_000,
    requestTimeout: 5_000,
    enforceRequestTimeout: true,
    retry: { initialRetryTime: 50, maxRetryTime: 500, retries: 60 },
  });
}

export function kafkaSource(address: KafkaAddress): LogSource {
  const kafka = kafkaClient(address);
  const patienceMs = address.patienceMs ?? PATIENCE_MS;
  let admin: Promise<Admin> | undefined;
  const connected = () => {
    admin ??= (async () => {
      const made = kafka.admin();
      await within(made.connect(), patienceMs, 'connecting to the broker');
      return made;
    })();
    return admin;
  };
  const ends = async (topic: string): Promise<readonly Ends[]> => {
    const offsets = await patiently(
      async () => (await connected()).fetchTopicOffsets(topic),
      patienceMs,
      `asking for the ends of ${topic}`,
    );
    const byPartition: Ends[] = [];
    for (const { partition, low, high } of offsets) byPartition[partition] = { low: Number(low), high: Number(high) };
    for (const [partition, found] of byPartition.entries()) {
      // What is not known is never taken for empty.
      if (found && found.low >= 0 && found.high >= found.low) continue;
      throw new ExitError(75, `the broker does not say where ${topic}/${partition} ends: ${JSON.stringify(found)}`);
    }
    return byPartition;
  };
  return {
    ends,
    async read(options) {
      await refuseExpired(options.partitions, ends);
      return readFixed(kafka, options, patienceMs);
    },
    join: (options) => joinGroup(kafka, options, patienceMs, ends),
    async close() {
      const made = await admin?.catch(() => undefined);
      await made?.disconnect();
    },
  };
}

/** An offset that retention took away is never replaced by another one. */
async function refuseExpired(
  partitions: readonly ReadFrom[],
  ends: (topic: string) => Promise<readonly Ends[]>,
): Promise<void> {
  const byTopic = new Map<string, readonly Ends[]>();
  for (const { topic, partition, from } of partitions) {
    const known = byTopic.get(topic) ?? (await ends(topic));
    byTopic.set(topic, known);
    const found = known[partition];
    if (!found) throw new ExitError(78, `topic ${topic} has no partition ${partition}; it has ${known.length}`);
    if (from < found.low) {
      throw new ExitError(
        65,
        `${topic}/${partition}: offsets ${from} to ${found.low - 1} are wanted and no longer there; the first is ${found.low}. Restore from the archive.`,
      );
    }
    if (from > found.high) {
      throw new ExitError(
        65,
        `${topic}/${partition} ends at offset ${found.high - 1}, but ${from} is wanted: offsets ${found.high} to ${from - 1} are missing`,
      );
    }
  }
}

async function readFixed(kafka: Kafka, options: ReaderOptions, patienceMs: number): Promise<LogReading> {
  const next = new Map(options.partitions.map(({ topic, partition, from }) => [keyOf(topic, partition), from]));
  const consumer = kafka.consumer({
    ...consumerSettings(`sluice-reader-${randomBytes(9).toString('base64url')}`, READER_SESSION_MS),
    partitionAssigners: [fixedAssigner(options.partitions)],
  });
  const joined = Promise.withResolvers<void>();
  const watchdog = startWatchdog(consumer, patienceMs, (error) => {
    joined.reject(error);
    options.fail(error);
  });
  consumer.on(consumer.events.GROUP_JOIN, () => {
    for (const { topic, partition } of options.partitions) {
      consumer.seek({ topic, partition, offset: String(next.get(keyOf(topic, partition))) });
    }
    joined.resolve();
  });
  try {
    await consumer.connect();
    await consumer.subscribe({
      topics: [...new Set(options.partitions.map(({ topic }) => topic))],
      fromBeginning: true,
    });
    await consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      partitionsConsumedConcurrently: options.partitions.length,
      eachBatch: (payload) => handOver(payload, next, options, watchdog),
    });
    await joined.promise;
  } catch (error) {
    watchdog.stop();
    await consumer.disconnect().catch(() => {});
    throw error instanceof ExitError
      ? error
      : new ExitError(75, `the broker does not answer: ${said(error)}`, { cause: error });
  }
  return {
    async close() {
      watchdog.stop();
      await consumer.disconnect();
    },
  };
}

async function handOver(
  { batch, resolveOffset, heartbeat, isRunning }: EachBatchPayload,
  next: Map<string, number>,
  { onRecords, fail }: Pick<ReaderOptions, 'onRecords' | 'fail'>,
  watchdog: Watchdog,
): Promise<void> {
  const from: TopicPartition = { topic: batch.topic, partition: batch.partition };
  const key = keyOf(batch.topic, batch.partition);
  const beating = setInterval(() => void heartbeat().catch(() => {}), 500);
  watchdog.busy(1);
  try {
    const wanted = next.get(key);
    if (wanted === undefined || !isRunning()) return;
    const records: BrokerRecord[] = [];
    let expected = wanted;
    for (const message of batch.messages) {
      const offset = Number(message.offset);
      if (offset < expected) continue;
      if (offset > expected) {
        throw new ExitError(65, `${key}: offset ${offset} follows ${expected - 1}, records are missing`);
      }
      expected = offset + 1;
      records.push({
        offset,
        value: message.value ?? new Uint8Array(0),
        header: bytesOf(message.headers?.[TOPIC_HEADER]),
        session: bytesOf(message.headers?.[SESSION_HEADER])?.toString('utf8') ?? '',
      });
    }
    if (records.length > 0) {
      await onRecords(from, records, Number(batch.highWatermark));
      // A later join may have sought elsewhere while this run was taken.
      if (next.get(key) === wanted) next.set(key, expected);
    }
    resolveOffset(batch.lastOffset());
  } catch (error) {
    fail(error);
  } finally {
    clearInterval(beating);
    watchdog.busy(-1);
  }
}

/**
 * A member of a group. Partitions stay paused from the join until their owner has restored their state; a partition that
 * comes back to its owner goes on where it was.
 */
async function joinGroup(
  kafka: Kafka,
  options: MemberOptions,
  patienceMs: number,
  ends: (topic: string) => Promise<readonly Ends[]>,
): Promise<LogReading> {
  const next = new Map<string, number>();
  let owned: ReadonlySet<number> = new Set();
  let change: Promise<void> = Promise.resolve();
  let closed = false;
  const consumer = kafka.consumer({
    ...consumerSettings(options.group, options.sessionMs),
    partitionAssigners: [stickyAssigner(options.topics, () => ({ owned: [...owned], standby: options.standby }))],
  });
  const joined = Promise.withResolvers<void>();
  const fail = (error: unknown) => {
    joined.reject(error);
    options.fail(error);
  };
  const watchdog = startWatchdog(consumer, patienceMs, fail);
  const take = async (assigned: ReadonlySet<number>): Promise<void> => {
    const lost = [...owned].filter((partition) => !assigned.has(partition));
    const gained = [...assigned].filter((partition) => !owned.has(partition));
    owned = assigned;
    for (const partition of lost) for (const topic of options.topics) next.delete(keyOf(topic, partition));
    if (lost.length > 0) await options.onRevoked(lost);
    if (gained.length === 0 || closed) return;
    const begin = await options.onAssigned(gained);
    await refuseExpired(begin, ends);
    for (const { topic, partition, from } of begin) {
      next.set(keyOf(topic, partition), from);
      if (owned.has(partition)) consumer.seek({ topic, partition, offset: String(from) });
    }
    consumer.resume(begin.map(({ topic, partition }) => ({ topic, partitions: [partition] })));
  };
  consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
    const assigned = new Set(Object.values(payload.memberAssignment).flat().map(Number));
    for (const topic of options.topics) {
      for (const partition of assigned) {
        const at = next.get(keyOf(topic, partition));
        if (at === undefined) consumer.pause([{ topic, partitions: [partition] }]);
        else consumer.seek({ topic, partition, offset: String(at) });
      }
    }
    change = change.then(() => (closed ? undefined : take(assigned))).catch(fail);
    joined.resolve();
  });
  try {
    await consumer.connect();
    await consumer.subscribe({ topics: [...options.topics], fromBeginning: true });
    await consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      partitionsConsumedConcurrently: 64,
      eachBatch: (payload) => handOver(payload, next, { onRecords: options.onRecords, fail }, watchdog),
    });
    await joined.promise;
  } catch (error) {
    watchdog.stop();
    await consumer.disconnect().catch(() => {});
    throw error instanceof ExitError
      ? error
      : new ExitError(75, `the broker does not answer: ${said(error)}`, { cause: error });
  }
  return {
    async close() {
      closed = true;
      watchdog.stop();
      await change;
      const leaving = [...owned];
      next.clear();
      if (leaving.length > 0) await options.onRevoked(leaving);
      await consumer.disconnect();
    },
  };
}

function consumerSettings(groupId: string, sessionTimeout: number) {
  return {
    groupId,
    sessionTimeout,
    rebalanceTimeout: Math.max(2_000, sessionTimeout),
    heartbeatInterval: Math.max(200, Math.min(3_000, Math.floor(sessionTimeout / 5))),
    allowAutoTopicCreation: false,
    maxWaitTimeInMs: FETCH_WAIT_MS,
    minBytes: 1,
    maxBytesPerPartition: FETCH_BYTES,
    maxBytes: FETCH_BYTES * 4,
    retry: { initialRetryTime: 50, maxRetryTime: 500, retries: 60, restartOnFailure: async () => true },
  };
}

interface Watchdog {
  /** A handler began (+1) or ended (-1): while one runs, silence is our own doing. */
  busy(change: number): void;
  stop(): void;
}

/** The client can stop for good without a word: where nothing was fetched for `patienceMs` the process must end (75). */
function startWatchdog(consumer: Consumer, patienceMs: number, fail: (error: unknown) => void): Watchdog {
  let heardMs = performance.now();
  let running = 0;
  consumer.on(consumer.events.FETCH, () => {
    heardMs = performance.now();
  });
  consumer.on(consumer.events.CRASH, ({ payload }) => {
    if (payload.restart) return;
    fail(new ExitError(70, `the reader of the broker stopped: ${payload.error.message}`, { cause: payload.error }));
  });
  const timer = setInterval(
    () => {
      if (running > 0) heardMs = performance.now();
      else if (performance.now() - heardMs > patienceMs) {
        clearInterval(timer);
        fail(new ExitError(75, `nothing was fetched from the broker for ${Math.round(patienceMs / 1_000)} s`));
      }
    },
    Math.max(50, patienceMs / 10),
  );
  return {
    busy(change) {
      running += change;
      heardMs = performance.now();
    },
    stop: () => clearInterval(timer),
  };
}

const { AssignerProtocol } = kafkajs;

function fixedAssigner(partitions: readonly TopicPartition[]): PartitionAssigner {
  const assignment: { [topic: string]: number[] } = {};
  for (const { topic, partition } of partitions) (assignment[topic] ??= []).push(partition);
  return () => ({
    name: 'sluice-fixed',
    version: 1,
    async assign({ members }) {
      return members.map(({ memberId }) => ({ memberId, memberAssignment: encodeAssignment(assignment) }));
    },
    protocol: ({ topics }) => ({
      name: 'sluice-fixed',
      metadata: AssignerProtocol.MemberMetadata.encode({ version: 1, topics, userData: Buffer.alloc(0) }),
    }),
  });
}

/** Partition n of every topic to one member; who has it keeps it, as far as all get their fair share. */
function stickyAssigner(topics: readonly string[], wish: () => Omit<GroupMember, 'memberId'>): PartitionAssigner {
  return ({ cluster }) => ({
    name: 'sluice-sticky',
    version: 1,
    async assign({ members }) {
      const count = cluster.findTopicPartitionMetadata(topics[0]!).length;
      const wishes = members.map(({ memberId, memberMetadata }): GroupMember => {
        const userData = AssignerProtocol.MemberMetadata.decode(memberMetadata)?.userData;
        const said = userData && userData.length > 0 ? JSON.parse(userData.toString()) : { owned: [], standby: false };
        return { memberId, ...(said as Omit<GroupMember, 'memberId'>) };
      });
      return [...shareOut(count, wishes)].map(([memberId, partitions]) => ({
        memberId,
        memberAssignment: encodeAssignment(Object.fromEntries(topics.map((topic) => [topic, partitions]))),
      }));
    },
    protocol: () => ({
      name: 'sluice-sticky',
      metadata: AssignerProtocol.MemberMetadata.encode({
        version: 1,
        topics: [...topics],
        userData: Buffer.from(JSON.stringify(wish())),
      }),
    }),
  });
}

export interface GroupMember {
  readonly memberId: string;
  /** Partitions that it has now. */
  readonly owned: readonly number[];
  readonly standby: boolean;
}

/**
 * Shares `count` partitions among members, standbys only where nobody else is left: first each keeps what it has, up to the fair share; what is left goes to who
 * has least, by the order of their names. Every member computes the same.
 */
export function shareOut(count: number, members: readonly GroupMember[]): Map<string, number[]> {
  const active = members.filter(({ standby }) => !standby);
  const inOrder = (active.length > 0 ? active : [...members]).sort((a, b) => (a.memberId < b.memberId ? -1 : 1));
  const share = Math.ceil(count / Math.max(1, inOrder.length));
  const taken = new Set<number>();
  const shares = new Map<string, number[]>(inOrder.map(({ memberId }) => [memberId, []]));
  const waiting = members.filter(({ memberId }) => !shares.has(memberId));
  for (const { memberId, owned } of inOrder) {
    const kept = shares.get(memberId)!;
    for (const partition of owned) {
      if (partition >= count || taken.has(partition) || kept.length === share) continue;
      taken.add(partition);
      kept.push(partition);
    }
  }
  for (let partition = 0; partition < count; partition++) {
    if (taken.has(partition)) continue;
    const [, least] = [...shares].reduce((a, b) => (b[1].length < a[1].length ? b : a));
    least.push(partition);
  }
  for (const partitions of shares.values()) partitions.sort((a, b) => a - b);
  for (const { memberId } of waiting) shares.set(memberId, []);
  return shares;
}

function encodeAssignment(assignment: { [topic: string]: number[] }): Buffer {
  return AssignerProtocol.MemberAssignment.encode({ version: 1, assignment, userData: Buffer.alloc(0) });
}

function keyOf(topic: string, partition: number): string {
  return `${topic}/${partition}`;
}

function bytesOf(header: Buffer | string | (Buffer | string)[] | undefined): Buffer | undefined {
  const one = Array.isArray(header) ? header[0] : header;
  return typeof one === 'string' ? Buffer.from(one) : one;
}

function said(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Rejects with `ExitError` 75 when a call of the client has no answer in time: some of them never settle. */
export async function within<T>(call: Promise<T>, deadlineMs: number, what: string): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => late.reject(new ExitError(75, `${what}: no answer within ${deadlineMs} ms`)),
    deadlineMs,
  );
  try {
    return await Promise.race([call, late.promise]);
  } catch (error) {
    throw error instanceof ExitError ? error : new ExitError(75, `${what}: ${said(error)}`, { cause: error });
  } finally {
    clearTimeout(timer);
  }
}

const RETRY_MS = 50;

/** Asks again while the client itself says that it may help (a partition that has no leader for a moment). */
export async function patiently<T>(call: () => Promise<T>, patienceMs: number, what: string): Promise<T> {
  const deadline = performance.now() + patienceMs;
  for (;;) {
    try {
      return await within(call(), Math.max(1, deadline - performance.now()), what);
    } catch (error) {
      const cause =
        error instanceof ExitError ? (error.cause as { readonly retriable?: unknown } | undefined) : undefined;
      if (cause?.retriable !== true || performance.now() + RETRY_MS > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }
}

let silenced = false;

/** The client sets timers to times that have passed and Node warns of each; that one warning says nothing. */
function silenceNegativeTimeouts(): void {
  if (silenced) return;
  silenced = true;
  const emit = process.emitWarning.bind(process) as (...words: unknown[]) => void;
  process.emitWarning = ((warning: unknown, ...rest: unknown[]) => {
    const named = rest[0] as string | { readonly type?: string } | undefined;
    const type = typeof named === 'object' ? named?.type : named;
    if (type !== 'TimeoutNegativeWarning') emit(warning, ...rest);
  }) as typeof process.emitWarning;
}
