/**
 * Builds the page with Vite, as a program of its own: `node build-page.ts FOLDER`. The folder appears whole or not at
 * all, so that two starts at once, or one that is killed, leave no half of a page.
 */
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import react from '@vitejs/plugin-react';
import { build } from 'vite';
import { webFolder } from './page-sources.ts';

/** A page of which every current browser understands each word. */
const TARGET = ['chrome120', 'firefox121', 'safari17'];

const folder = process.argv[2];
if (folder === undefined) throw new Error('usage: node build-page.ts FOLDER');
await buildPage(folder);

async function buildPage(to: string): Promise<void> {
  const unfinished = `${to}.${process.pid}`;
  mkdirSync(dirname(to), { recursive: true });
  try {
    await build({
      root: webFolder,
      configFile: false,
      logLevel: 'error',
      plugins: [react()],
      build: {
        outDir: unfinished,
        emptyOutDir: true,
        target: TARGET,
        modulePreload: { polyfill: false },
        assetsInlineLimit: 0,
        reportCompressedSize: false,
        chunkSizeWarningLimit: 1_000,
      },
    });
    if (!existsSync(to)) renameSync(unfinished, to);
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
}
