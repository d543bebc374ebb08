/** What the built page is made of, and the name of that: a page built from other sources has another name. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

export const webFolder = fileURLToPath(new URL('..', import.meta.url));
const projectFolder = join(webFolder, '..', '..');

/** Where built pages lie, each in a folder of its name. */
export const builtFolder = join(webFolder, 'dist');

/** 16 hexadecimal digits of the content of every source: of the page, of the client, of the schemas, and of the packages. */
export function pageName(): string {
  const hash = createHash('sha256');
  const folders = [webFolder, join(projectFolder, 'gateway', 'client'), join(projectFolder, 'schemas')];
  const files = folders.flatMap(filesIn).sort();
  for (const file of [...files, join(projectFolder, 'package-lock.json')]) {
    hash.update(relative(projectFolder, file)).update('\0').update(readFileSync(file)).update('\0');
  }
  return hash.digest('hex').slice(0, 16);
}

function filesIn(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return path === builtFolder.replace(/\/$/, '') ? [] : filesIn(path);
    return /\.(?:ts|tsx|css|html|svg)$/.test(entry.name) ? [path] : [];
  });
}
