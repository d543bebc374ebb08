/**
 * `docs/openapi.generated.json`, the interface of a whole gateway, and the table of routes in `docs/rest.md`. Run this file
 * to write both anew; a test holds them to the routes that are served.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Identity } from '../identity/identity.ts';
import { identityRoutes } from '../identity/identity-routes.ts';
import { pipelineRoutes } from '../pipeline/pipeline-routes.ts';
import { openApiOf } from './openapi.ts';
import { servedRoutes } from './rest-server.ts';
import type { AnyRoute } from './route.ts';

export const OPENAPI_FILE = fileURLToPath(new URL('../../docs/openapi.generated.json', import.meta.url));

const REST_PAGE = fileURLToPath(new URL('../../docs/rest.md', import.meta.url));

/** Of the routes of every room. They are declared here and not asked, so nobody stands behind those of identity. */
export function everyRoute(): readonly AnyRoute[] {
  return servedRoutes([...pipelineRoutes, ...identityRoutes(undefined as unknown as Identity)]);
}

export function openApiText(): string {
  return `${JSON.stringify(openApiOf(everyRoute()), null, 1)}\n`;
}

/** Rows of the page's table. */
export function routeRows(): string {
  return everyRoute()
    .map(({ method, path, access, summary }) => {
      const needs = access === 'public' ? '' : `${access} `;
      return `| \`${method} ${path}\` | ${needs}| ${summary} |`;
    })
    .join('\n');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(OPENAPI_FILE, openApiText());
  const page = readFileSync(REST_PAGE, 'utf8');
  const rows = /(?<=\| route \| .*\n\| --- .*\n)(?:\|.*\n)+/;
  writeFileSync(
    REST_PAGE,
    page.replace(rows, () => `${routeRows()}\n`),
  );
}
