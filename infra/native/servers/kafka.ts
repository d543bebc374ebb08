/**
 * Kafka as its plain jars, KRaft, each broker also a controller. Settings are those of a cluster that must notice a killed
 * broker in seconds; a lone broker replicates nothing, so its internal topics have one copy.
 */
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Addresses } from '../addresses.ts';
import { freePort } from '../free-port.ts';
import type { Instance } from '../instance.ts';
import { MissingServer } from '../missing-server.ts';
import { brokersKnownTo } from '../probe.ts';
import { startProcess, stopProcess } from '../server-process.ts';
import { builtOnce, runTool, type Say } from '../tools-cache.ts';
import type { Wish } from '../wishes.ts';

/** The newest patch of each line that Maven resolves. */
const releases: { readonly [line: string]: string } = { '4.1': '4.1.2', '3.9': '3.9.2' };

const READY_MS = 60_000;
const FORM_MS = 60_000;
/** Small heaps and one compiler suffice for tests, and leave the cores to what is tested. */
const JVM = ['-Xms128m', '-Xmx384m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'];
const LOGGING = [
  '-Dorg.slf4j.simpleLogger.showDateTime=true',
  '-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd HH:mm:ss.SSS',
];
const GET_JAVA = 'install Java 17 or later and Maven (apt-get install openjdk-17-jre-headless maven)';

interface Programs {
  readonly jars: string;
  /** Classes as the virtual machine keeps them: halves the time of a start. */
  readonly classArchive: string;
}

interface Node {
  readonly id: number;
  readonly broker: number;
  readonly controller: number;
}

export async function fetchKafka(version: string, say: Say): Promise<Programs> {
  const release = releases[version]!;
  const java = await javaVersion();
  const folder = await builtOnce(`kafka-${release}`, async (aside) => {
    say(`fetches Kafka ${release}, 46 MB, once`);
    writeFileSync(join(aside, 'pom.xml'), pom(release));
    await runTool({
      command: 'mvn',
      args: ['-q', '-B', 'dependency:copy-dependencies', `-DoutputDirectory=${join(aside, 'jars')}`],
      cwd: aside,
      get: GET_JAVA,
    });
  });
  const jars = join(folder, 'jars');
  const classes = await builtOnce(`kafka-${release}-classes-${java}`, (aside) => archiveClasses(jars, aside));
  return { jars, classArchive: join(classes, 'classes.jsa') };
}

export async function startKafka(wish: Wish, instance: Instance): Promise<Addresses> {
  const programs = await fetchKafka(wish.version, instance.say);
  const nodes: Node[] = [];
  for (let id = 1; id <= wish.count; id++) {
    nodes.push({ id, broker: await instance.port(), controller: await instance.port() });
  }
  const clusterId = drawClusterId();
  const started = nodes.map(async (node) => {
    const name = `kafka-${node.id}`;
    const folder = instance.folderOf(name);
    const settings = join(folder, 'server.properties');
    writeFileSync(settings, properties(node, nodes, join(folder, 'data')));
    await format(programs, settings, clusterId);
    await instance.launch({
      name,
      command: 'java',
      args: [...virtualMachine(programs), ...JVM, ...LOGGING, 'kafka.Kafka', settings],
      cwd: folder,
      log: instance.logOf(name),
      ports: { broker: node.broker, controller: node.controller },
      probe: { speaks: 'kafka', port: node.broker },
      readyMs: READY_MS,
    });
  });
  await Promise.all(started);
  const brokers = nodes.map(({ broker }) => `127.0.0.1:${broker}`);
  if (wish.count > 1) await untilFormed(brokers);
  return { kafka: { brokers, version: releases[wish.version]! } };
}

function properties({ id, broker, controller }: Node, nodes: readonly Node[], dataFolder: string): string {
  const copies = Math.min(3, nodes.length);
  const inSync = Math.max(1, copies - 1);
  const voters = nodes.map((node) => `${node.id}@127.0.0.1:${node.controller}`).join(',');
  return `process.roles=broker,controller
node.id=${id}
controller.quorum.voters=${voters}
listeners=PLAINTEXT://127.0.0.1:${broker},CONTROLLER://127.0.0.1:${controller}
advertised.listeners=PLAINTEXT://127.0.0.1:${broker}
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs=${dataFolder}
auto.create.topics.enable=false
unclean.leader.election.enable=false
default.replication.factor=${copies}
min.insync.replicas=${inSync}
offsets.topic.replication.factor=${copies}
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=${copies}
transaction.state.log.min.isr=${inSync}
transaction.state.log.num.partitions=4
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
broker.session.timeout.ms=1500
broker.heartbeat.interval.ms=300
controller.quorum.fetch.timeout.ms=1000
controller.quorum.election.timeout.ms=500
controller.quorum.election.backoff.max.ms=200
num.network.threads=2
num.io.threads=2
background.threads=2
num.recovery.threads.per.data.dir=1
log.cleaner.dedupe.buffer.size=4194304
log.index.size.max.bytes=1048576
`;
}

/** A first character that no parser of options takes for one of its own. */
function drawClusterId(): string {
  const id = randomBytes(16).toString('base64url');
  return id.startsWith('-') ? drawClusterId() : id;
}

async function format({ jars }: Programs, settings: string, clusterId: string): Promise<void> {
  const args = ['-cp', `${jars}/*`, ...JVM, 'kafka.tools.StorageTool', 'format'];
  await runTool({
    command: 'java',
    args: [...args, '-t', clusterId, '-c', settings, '--ignore-formatted'],
    get: GET_JAVA,
    deadlineMs: 60_000,
  });
}

function virtualMachine({ jars, classArchive }: Programs): string[] {
  return [`-XX:SharedArchiveFile=${classArchive}`, '-Xshare:auto', '-Xlog:disable', '-cp', `${jars}/*`];
}

/** Runs a broker once and has the virtual machine write down the classes that it loaded. */
async function archiveClasses(jars: string, aside: string): Promise<void> {
  const archive = join(aside, 'classes.jsa');
  const folder = join(aside, 'first');
  mkdirSync(folder);
  const settings = join(folder, 'server.properties');
  const broker = await freePort(new Set());
  const node: Node = { id: 1, broker, controller: await freePort(new Set([broker])) };
  writeFileSync(settings, properties(node, [node], join(folder, 'data')));
  await format({ jars, classArchive: '' }, settings, drawClusterId());
  const running = await startProcess(
    {
      name: 'kafka, its first run',
      command: 'java',
      args: [
        `-XX:ArchiveClassesAtExit=${archive}`,
        '-Xlog:disable',
        '-cp',
        `${jars}/*`,
        ...JVM,
        ...LOGGING,
        'kafka.Kafka',
        settings,
      ],
      cwd: folder,
      log: join(folder, 'log'),
      ports: { broker },
      probe: { speaks: 'kafka', port: broker },
      readyMs: READY_MS,
    },
    true,
    () => {},
  );
  await stopProcess(running, 'SIGTERM', 60_000);
  if (!existsSync(archive)) writeFileSync(archive, ''); // a virtual machine without archives starts without one
}

/** The brokers know of one another. */
async function untilFormed(brokers: readonly string[]): Promise<void> {
  for (const deadline = performance.now() + FORM_MS; performance.now() < deadline; await sleep(50)) {
    const ports = brokers.map((broker) => Number(broker.split(':')[1]));
    const counts = await Promise.all(ports.map((port) => brokersKnownTo(port).catch(() => 0)));
    if (counts.every((count) => count === brokers.length)) return;
  }
  throw new Error(`the ${brokers.length} brokers did not find one another within ${FORM_MS / 1_000} s`);
}

async function javaVersion(): Promise<string> {
  const text = await runTool({ command: 'java', args: ['--version'], get: GET_JAVA }).catch((error: unknown) => {
    if (error instanceof MissingServer) throw error;
    throw new MissingServer(`java does not run here: ${GET_JAVA}`, { cause: error });
  });
  const version = /\b(\d+)(?:\.[\w.+-]+)?/.exec(text.split('\n')[0] ?? '');
  if (!version || Number(version[1]) < 17) throw new MissingServer(`Kafka needs a newer Java: ${GET_JAVA}`);
  return version[0].replace(/[^\w.]/g, '_');
}

function pom(release: string): string {
  const dependency = (group: string, artifact: string, version: string): string =>
    `<dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${version}</version></dependency>`;
  return `<project xmlns="http://maven.apache.org/POM/4.0.0">
<modelVersion>4.0.0</modelVersion><groupId>sluice</groupId><artifactId>broker</artifactId><version>1</version><packaging>pom</packaging>
<dependencies>
${dependency('org.apache.kafka', 'kafka_2.13', release)}
${dependency('org.slf4j', 'slf4j-simple', '1.7.36')}
</dependencies>
</project>
`;
}
