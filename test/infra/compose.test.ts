import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { parseArgs } from 'node:util';
import { type ComposeService, composeFile, profiles, readCompose } from '../../infra/compose/read-compose.ts';
import { MissingServer } from '../../infra/native/missing-server.ts';
import spot from '../../pipelines/spot.ts';
import { rolesOf } from '../../pipelines/start-cluster.ts';
import { declaredOptions } from '../../schemas/config.ts';
import { projectRoot } from '../house/source-files.ts';
import { demanded } from '../real-servers.ts';

const read = await readCompose(composeFile).catch((error: unknown) => {
  if (!(error instanceof MissingServer) || demanded()) throw error;
  return error;
});
const skip = read instanceof MissingServer ? `skipped: the validator of compose files: ${read.message}` : false;
const projects = read as Exclude<typeof read, MissingServer>;

const all = (): [string, string, ComposeService][] =>
  profiles.flatMap((profile) =>
    Object.entries(projects[profile].services).map(([name, service]): [string, string, ComposeService] => [
      profile,
      name,
      service,
    ]),
  );

test('each profile has the servers that it promises', { skip }, () => {
  const names = (profile: (typeof profiles)[number]) => Object.keys(projects[profile].services).sort();
  const one = ['clickhouse', 'kafka', 'postgres', 'redis', 's3', 'sluice'];
  assert.deepEqual(names('dev'), one);
  assert.deepEqual(names('loadtest'), [...one, 'collector', 'prometheus'].sort());
  const nodes = Array.from({ length: 12 }, (_, index) => `redis-${index + 1}`);
  const replicated = [
    'kafka-1',
    'kafka-2',
    'kafka-3',
    'postgres-primary',
    'postgres-standby',
    'redis-cluster',
    ...nodes,
  ];
  const ours = ['stages', 'stages-standby', 'sinks', 'gateway-1', 'gateway-2'].map((name) => `sluice-${name}`);
  const rest = ['clickhouse', 'collector', 'prometheus', 's3', ...ours];
  assert.deepEqual(names('prodlike'), [...replicated, ...rest].sort());
});

test('every service has limits of processor and memory, and a healthcheck unless it has nothing to ask with', {
  skip,
}, () => {
  for (const [profile, name, service] of all()) {
    const limits = service.deploy?.resources?.limits;
    assert.ok(Number(limits?.cpus) > 0 && Number(limits?.memory) > 0, `${profile}/${name} has no limits`);
    // One ends when its work is done; of the other the image has no shell.
    if (name === 'redis-cluster') assert.match(service.restart ?? '', /^on-failure/);
    else if (name !== 'collector') assert.ok((service.healthcheck?.test?.length ?? 0) > 1, `${profile}/${name}`);
  }
});

test('Sluice starts when its stores are well, and knows where they are', { skip }, () => {
  for (const profile of profiles) {
    const { services } = projects[profile];
    const sluice = services[profile === 'prodlike' ? 'sluice-stages' : 'sluice']!;
    for (const [name, { condition }] of Object.entries(sluice.depends_on ?? {})) {
      assert.equal(condition, name === 'redis-cluster' ? 'service_completed_successfully' : 'service_healthy', name);
    }
    const environment = sluice.environment ?? {};
    const hosts = (name: string) => (environment[name] ?? '').split(',').map((place) => place.split(':')[0]!);
    const named = [...hosts('SLUICE_LEDGER_HOSTS'), ...hosts('SLUICE_CACHE_NODES')];
    for (const host of named) assert.ok(services[host], `${profile}: there is no ${host}`);
    for (const name of ['SLUICE_HISTORY_URL', 'SLUICE_ARCHIVE_S3_ENDPOINT']) {
      assert.ok(services[new URL(environment[name]!).hostname], name);
    }
  }
});

test('the processes of the cluster run every part of the graph, each once but for standby and gateways', {
  skip,
}, () => {
  const parts = Object.entries(projects.prodlike.services)
    .filter(([name]) => name.startsWith('sluice-'))
    .flatMap(([, { command = [] }]) => {
      const { values } = parseArgs({
        args: [...command].slice(1),
        options: {
          stage: { type: 'string', multiple: true },
          standby: { type: 'boolean' },
          number: { type: 'string' },
        },
      });
      const roles = rolesOf(spot, values.stage!);
      return values.standby ? [] : [...roles.inboxes, ...roles.sinks, ...roles.sources, ...roles.gateways];
    });
  const everything = rolesOf(spot, ['all']);
  const { inboxes, sinks, sources, gateways } = everything;
  assert.deepEqual(parts.sort(), [...inboxes, ...sinks, ...sources, ...gateways, 'gateway'].sort());
});

test('every variable that Sluice is given is one that it reads', { skip }, () => {
  const known = new Set(declaredOptions().flatMap(({ meta }) => meta.env ?? []));
  for (const [, name, { environment = {} }] of all().filter(([, name]) => name.startsWith('sluice'))) {
    assert.deepEqual(
      Object.keys(environment).filter((variable) => !known.has(variable)),
      [],
      name,
    );
  }
});

test('brokers of the replicated form keep three copies and acknowledge with two', { skip }, () => {
  const { services } = projects.prodlike;
  for (const id of [1, 2, 3]) {
    const { environment = {} } = services[`kafka-${id}`]!;
    assert.equal(environment.KAFKA_NODE_ID, `${id}`);
    assert.equal(environment.KAFKA_DEFAULT_REPLICATION_FACTOR, '3');
    assert.equal(environment.KAFKA_MIN_INSYNC_REPLICAS, '2');
    assert.equal(environment.KAFKA_UNCLEAN_LEADER_ELECTION_ENABLE, 'false');
    assert.match(environment.KAFKA_ADVERTISED_LISTENERS ?? '', new RegExp(`^PLAINTEXT://kafka-${id}:9092,`));
  }
  const create = services['redis-cluster']!.command!.join(' ');
  assert.match(create, /redis-\{1\.\.12\}:6379 --cluster-replicas 1/);
});

test('ports are open to this machine alone, and no two services of a profile want the same', { skip }, () => {
  for (const profile of profiles) {
    const published = Object.values(projects[profile].services).flatMap(({ ports = [] }) => ports);
    for (const { host_ip: address, target } of published) assert.equal(address, '127.0.0.1', `${target}`);
    const numbers = published.map(({ published: port }) => port);
    assert.equal(new Set(numbers).size, numbers.length, profile);
  }
});

test('every file that a service mounts is there, and every image has a fixed version', { skip }, () => {
  for (const [, name, { image, build, volumes = [] }] of all()) {
    for (const { type, source } of volumes) if (type === 'bind') assert.ok(existsSync(source!), `${name}: ${source}`);
    assert.match(image ?? '', /:(?!latest$)[\w.-]+$/, name);
    if (build) {
      assert.equal(build.context, projectRoot);
      assert.ok(existsSync(join(build.context, build.dockerfile)));
    }
  }
});

test('the scripts in containers are shell that can be read', () => {
  for (const script of ['postgres/primary.sh', 'postgres/standby.sh']) {
    const path = join(dirname(composeFile), script);
    const { status, stderr } = spawnSync('bash', ['-n', path], { encoding: 'utf8' });
    assert.equal(status, 0, stderr);
  }
});

test('the image starts what npm start does, as an ordinary user, on the Node that is pinned', () => {
  const text = readFileSync(join(dirname(composeFile), 'Dockerfile'), 'utf8');
  assert.match(text, /^USER node$/m);
  assert.match(text, /^ENTRYPOINT \["node_modules\/node\/bin\/node", "pipelines\/commands\/sluice\.ts"\]$/m);
  const copied = [...text.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, sources]) => sources!.split(' '));
  for (const source of copied) assert.ok(existsSync(join(projectRoot, source)), source);
  const ignored = readFileSync(join(projectRoot, '.dockerignore'), 'utf8').split('\n');
  for (const folder of ['node_modules', 'data', '.git']) assert.ok(ignored.includes(folder), folder);
});

test('a file that is wrong is refused with the words of the specification', { skip }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-compose-'));
  const file = join(folder, 'compose.yaml');
  const cases: [string, RegExp][] = [
    ['services:\n  a: { image: "a:1", colour: red }\n', /colour/],
    ['services:\n  a: { image: "a:1", depends_on: [b], profiles: [dev] }\n', /undefined service "?b"?/],
    ['services:\n  a: { image: "a:1", volumes: ["none:/x"], profiles: [dev] }\n', /undefined volume/],
  ];
  try {
    for (const [text, says] of cases) {
      writeFileSync(file, text);
      await assert.rejects(readCompose(file), says);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
