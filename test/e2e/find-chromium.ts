/**
 * A Chromium on this machine, for tests of the page: the one that is installed, else, on a Debian where this is root, one
 * that apt installs. Without either a test says what to install and is skipped; on a build server (CI=true) it fails.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

const PLACES = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/usr/bin/google-chrome-stable',
  '/snap/bin/chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
];
const INSTALL_MS = 300_000;

export type FoundChromium = { readonly path: string } | { readonly missing: string };

/** `CHROMIUM_PATH` names another one. */
export function findChromium(environment: NodeJS.ProcessEnv = process.env): FoundChromium {
  const named = environment.CHROMIUM_PATH;
  if (named !== undefined) {
    return existsSync(named) ? { path: named } : { missing: `CHROMIUM_PATH is ${named}, and nothing is there` };
  }
  const installed = PLACES.find((path) => existsSync(path));
  if (installed) return { path: installed };
  if (process.getuid?.() === 0 && existsSync('/etc/debian_version')) {
    const options = {
      timeout: INSTALL_MS,
      stdio: 'ignore',
      env: { ...environment, DEBIAN_FRONTEND: 'noninteractive' },
    } as const;
    const install = () =>
      spawnSync('apt-get', ['install', '-y', '--no-install-recommends', 'chromium'], options).status === 0;
    if (install() || (spawnSync('apt-get', ['update'], options).status === 0 && install())) return { path: PLACES[0]! };
  }
  const missing = 'no Chromium: install Chrome or Chromium (Debian: apt-get install chromium), or set CHROMIUM_PATH';
  if (environment.CI === 'true') throw new Error(missing);
  return { missing };
}
