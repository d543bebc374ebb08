// What a fresh clone depends on before anything of ours runs: package.json and its lock file.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import manifest from '../../package.json' with { type: 'json' };
import { projectRoot } from './source-files.ts';

interface LockedPackage {
  version: string;
  hasInstallScript?: boolean;
  optionalDependencies?: Record<string, string>;
}

const text = readFileSync(join(projectRoot, 'package-lock.json'), 'utf8');
const packages: Record<string, LockedPackage> = JSON.parse(text).packages;

test('the lock file names no host, so that any registry or mirror serves it', () => {
  const urls = [...text.matchAll(/"resolved": "[^"]*"/g)].map(([url]) => url);
  assert.deepEqual(urls, [], 'run npm install with the .npmrc of the project, which leaves these out');
});

test('every version in package.json is exact', () => {
  const all = { ...manifest.dependencies, ...manifest.devDependencies, ...manifest.optionalDependencies };
  const loose = Object.entries(all).filter(([, version]) => !/^\d+\.\d+\.\d+(?:-[\w.]+)?$/.test(version));
  assert.deepEqual(loose, []);
});

test('every package with an install script is allowed by name, and no other', () => {
  const withScript = Object.entries(packages)
    .filter(([, entry]) => entry.hasInstallScript)
    .map(([path]) => path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length));
  assert.deepEqual(Object.keys(manifest.allowScripts).sort(), [...new Set(withScript)].sort());
});

test('the lock file holds the ClickHouse library of every platform, also of those it was not written on', () => {
  const missing = Object.keys(packages['node_modules/chdb']?.optionalDependencies ?? {}).filter(
    (name) => packages[`node_modules/${name}`] === undefined,
  );
  assert.deepEqual(missing, [], 'npm 12 refuses a lock file with holes; add an entry with version, os and cpu');
});
