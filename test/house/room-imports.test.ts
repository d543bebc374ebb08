// Holds the import column of "The rooms": what each room may take from the others.
//
// The table below is that column as data. A widening is one line in `widenings`, with its reason; one that nobody uses
// any more has to go.

import assert from 'node:assert/strict';
import { dirname, posix } from 'node:path';
import { test } from 'node:test';
import manifest from '../../package.json' with { type: 'json' };
import { importsOf, typescriptFiles } from './source-files.ts';

const dependencies: Record<string, string> = manifest.dependencies;
const devDependencies: Record<string, string> = manifest.devDependencies;

interface Room {
  /** The folder, or the one file, that the room is. The longest match wins: `pipelines/runtime` before `pipelines`. */
  place: string;
  /** Rooms that it may import at run time, beside itself. */
  values: string[];
  /** Rooms, or single files, of which it may import types only. */
  types?: string[];
  /** May import its own system's source: `sinks/kafka-log.ts` takes `sources/kafka-log.ts`. */
  ownSource?: true;
  /** May import npm packages and Node's modules. */
  packages: 'all' | 'dependencies' | 'none';
}

const rooms: Room[] = [
  { place: 'schemas', values: [], packages: 'dependencies' },
  { place: 'operators', values: ['schemas'], packages: 'none' },
  { place: 'sources', values: ['schemas'], types: ['pipelines/runtime'], packages: 'dependencies' },
  { place: 'sinks', values: ['schemas'], types: ['pipelines/runtime'], ownSource: true, packages: 'dependencies' },
  { place: 'gateway', values: ['schemas'], packages: 'dependencies' },
  { place: 'pipelines/runtime', values: ['schemas'], packages: 'dependencies' },
  {
    place: 'pipelines',
    values: ['pipelines/runtime', 'operators', 'sources', 'sinks', 'gateway', 'schemas', 'pipeline.config.ts'],
    packages: 'dependencies',
  },
  { place: 'pipeline.config.ts', values: ['schemas'], packages: 'none' },
  { place: 'infra', values: [], packages: 'dependencies' },
  {
    place: 'test',
    values: [
      'schemas',
      'operators',
      'sources',
      'sinks',
      'gateway',
      'pipelines/runtime',
      'pipelines',
      'infra',
      'pipeline.config.ts',
    ],
    packages: 'all',
  },
];

/** Exceptions: which file or folder takes what from where, and why it may. */
const widenings: { from: string; to: string; typesOnly: boolean; reason: string }[] = [
  {
    from: 'pipelines/runtime',
    to: 'operators/contract.ts',
    typesOnly: true,
    reason: 'the runtime runs what keeps this contract; types alone bring no business word to run time',
  },
  {
    from: 'infra/native/servers/postgres.ts',
    to: 'sinks/postgres-ledger',
    typesOnly: false,
    reason: 'a server for tests is made from the programs, users and settings that the embedded one has',
  },
  {
    from: 'infra/native/servers/clickhouse-process.ts',
    to: 'sinks/clickhouse-history/engine',
    typesOnly: false,
    reason: 'the ClickHouse that can be had from packages is the engine of the embedded history behind its own door',
  },
];

test('each room imports only what its row allows', () => {
  const violations: string[] = [];
  for (const file of typescriptFiles()) {
    const room = roomOf(file.path);
    if (room === undefined) {
      violations.push(`${file.path}:1  belongs to no room; the rooms are ${rooms.map((row) => row.place).join(', ')}`);
      continue;
    }
    for (const { specifier, line, typeOnly } of importsOf(file.text)) {
      const problem = judge(room, file.path, specifier, typeOnly);
      if (problem !== undefined) violations.push(`${file.path}:${line}  ${problem}`);
    }
  }
  assert.equal(violations.length, 0, `${violations.length} imports leave their room:\n  ${violations.join('\n  ')}\n`);
});

test('each widening is still needed', () => {
  const files = typescriptFiles();
  const stale = widenings.filter(
    (widening) =>
      !files.some(
        (file) =>
          isIn(file.path, widening.from) &&
          importsOf(file.text).some(({ specifier }) => isIn(targetOf(file.path, specifier) ?? '', widening.to)),
      ),
  );
  assert.deepEqual(stale, []);
});

test('refuses what the rows do not allow', () => {
  const cases: [path: string, line: string, refused: RegExp | undefined][] = [
    ['operators/match.ts', `import { a } from '../schemas/money.ts';`, undefined],
    ['operators/match.ts', `import { a } from '../sinks/kafka-log.ts';`, /operators may not import sinks/],
    ['operators/match.ts', `import { a } from 'node:fs';`, /operators may import no package/],
    ['operators/match.ts', `import { map } from 'rxjs';`, /operators may import no package/],
    ['schemas/money.ts', `export * from '../operators/match.ts';`, /schemas may not import operators/],
    ['schemas/money.ts', `import { crc32 } from 'node:zlib';`, undefined],
    ['sinks/kafka-log.ts', `import type { Sink } from '../pipelines/runtime/ports.ts';`, undefined],
    ['sinks/kafka-log.ts', `import { type Sink } from '../pipelines/runtime/ports.ts';`, undefined],
    ['sinks/kafka-log.ts', `import { Sink } from '../pipelines/runtime/ports.ts';`, /only types of pipelines\/runtime/],
    ['sinks/kafka-log.ts', `import { read } from '../sources/kafka-log.ts';`, undefined],
    ['sinks/kafka-log.ts', `import { read } from '../sources/embedded-log.ts';`, /sinks may not import sources/],
    [
      'pipelines/runtime/run.ts',
      `const x = await import('../spot.ts');`,
      /pipelines\/runtime may not import pipelines/,
    ],
    ['pipelines/runtime/run.ts', `new Worker(new URL('../../sinks/log.ts', import.meta.url));`, /may not import sinks/],
    ['pipelines/runtime/run.ts', `// import { a } from '../../sinks/log.ts';`, undefined],
    ['pipelines/spot.ts', `import { a } from '../gateway/rest/orders.ts';`, undefined],
    ['pipelines/spot.ts', `import { a } from '../test/house/source-files.ts';`, /pipelines may not import test/],
    ['gateway/rest/orders.ts', `import fc from 'fast-check';`, /fast-check is a tool of the tests/],
    ['test/house/any.test.ts', `import fc from 'fast-check';`, undefined],
  ];
  for (const [path, line, refused] of cases) {
    const [found] = importsOf(line);
    const problem = found && judge(roomOf(path)!, path, found.specifier, found.typeOnly);
    if (refused === undefined) assert.equal(problem, undefined, `${path}: ${line}`);
    else assert.match(problem ?? '', refused, `${path}: ${line}`);
  }
});

/** Undefined when allowed, otherwise what is wrong and what would be right. */
function judge(room: Room, path: string, specifier: string, typeOnly: boolean): string | undefined {
  const target = targetOf(path, specifier);
  if (target === undefined) return judgePackage(room, specifier, typeOnly);
  if (target === 'package.json') return undefined; // the version, the pins
  const targetRoom = roomOf(target);
  if (targetRoom === undefined) return `imports ${target}, which belongs to no room`;
  if (targetRoom === room || room.values.includes(targetRoom.place)) return undefined;
  if (widenings.some((row) => isIn(path, row.from) && isIn(target, row.to) && (typeOnly || !row.typesOnly))) {
    return undefined;
  }
  if (room.ownSource && targetRoom.place === 'sources' && systemOf(path) === systemOf(target)) return undefined;
  if (room.types?.some((place) => isIn(target, place))) {
    return typeOnly ? undefined : `${room.place} may import only types of ${targetRoom.place} (import type)`;
  }
  const allowed = [...room.values, ...(room.types ?? []).map((place) => `types of ${place}`)];
  return `${room.place} may not import ${targetRoom.place} (${target}); allowed: ${allowed.join(', ') || 'nothing'}`;
}

function judgePackage(room: Room, specifier: string, typeOnly: boolean): string | undefined {
  if (room.packages === 'all') return undefined;
  if (room.packages === 'none') return typeOnly ? undefined : `${room.place} may import no package (${specifier})`;
  if (specifier.startsWith('node:')) return undefined;
  const name = specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
  if (name in dependencies || (typeOnly && name in devDependencies)) return undefined;
  if (name in devDependencies) return `${name} is a tool of the tests (devDependencies); ${room.place} may not need it`;
  return `${name} is not among the dependencies of package.json`;
}

/** The file that a relative import means, from the root; undefined for a package. */
function targetOf(path: string, specifier: string): string | undefined {
  return specifier.startsWith('.') ? posix.join(dirname(path), specifier) : undefined;
}

function roomOf(path: string): Room | undefined {
  return rooms
    .filter((room) => isIn(path, room.place))
    .sort((left, right) => right.place.length - left.place.length)
    .at(0);
}

function isIn(path: string, place: string): boolean {
  return path === place || path.startsWith(`${place}/`);
}

/** The system that a source or sink belongs to, the first word of its file or folder: kafka, embedded, postgres. */
function systemOf(path: string): string {
  return /^[^/]+\/([a-z0-9]+)/.exec(path)?.[1] ?? path;
}
