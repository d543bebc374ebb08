/** What the interface is, told by itself: OpenAPI for programs, a page for people. */

import { z } from 'zod';
import { openApiOf } from '../openapi.ts';
import { referencePage } from '../reference-page.ts';
import { type AnyRoute, route } from '../route.ts';

/** Of these routes and its own two. */
export function descriptionRoutes(others: readonly AnyRoute[]): readonly AnyRoute[] {
  const routes: AnyRoute[] = [
    ...others,
    route({
      id: 'openapi',
      method: 'GET',
      path: '/v1/openapi.json',
      subject: 'Description',
      summary: 'this interface in OpenAPI 3.1, made from the routes that are served',
      access: 'public',
      limit: { class: 'read', weight: 10 },
      answers: { 200: { says: 'the description', body: z.looseObject({ openapi: z.literal('3.1.0') }) } },
      refusals: [],
      examples: [{ says: 'The whole of it', status: 200 }],
      handle: () => ({ status: 200, body: described.json, contentType: 'application/json; charset=utf-8' }),
    }),
    route({
      id: 'reference',
      method: 'GET',
      path: '/v1/docs',
      subject: 'Description',
      summary: 'the same as a page to read',
      access: 'public',
      limit: { class: 'read', weight: 10 },
      answers: { 200: { says: 'HTML', body: undefined, contentType: 'text/html; charset=utf-8' } },
      refusals: [],
      examples: [{ says: 'The page', status: 200 }],
      handle: () => ({
        status: 200,
        body: described.page,
        contentType: 'text/html; charset=utf-8',
        // No script runs there, and nothing comes from elsewhere.
        headers: {
          'Content-Security-Policy': "default-src 'none'; style-src 'unsafe-inline'",
          'X-Content-Type-Options': 'nosniff',
        },
      }),
    }),
  ];
  const api = openApiOf(routes);
  const described = { json: JSON.stringify(api), page: referencePage(routes) };
  return routes.slice(others.length);
}
