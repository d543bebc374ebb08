/** The page, served by the gateway: one document, and assets whose names change with their content. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { builtPage } from './build/built-page.ts';

export interface ServePageOptions {
  /** Told when the page was built, or could not be. */
  readonly say: (line: string) => void;
  /** Port of the listener of operators on the same host, where there is one: the page may talk to it as well. */
  readonly adminPort?: number | undefined;
}

const ASSET_SECONDS = 365 * 24 * 3600;
/** What may stand in a policy; a host that says more is given none of it. */
const HOSTNAME = /^(?:[A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])$/;
const WAITING = fileURLToPath(new URL('waiting.html', import.meta.url));

/**
 * Adds `/`, `/page.json`, `/assets/*` and `/favicon.svg`. Does not wait: where the page must be built first, the document asks for a
 * moment of patience and comes again by itself; all else of the gateway is there at once.
 */
export async function servePage(app: FastifyInstance, { say, adminPort }: ServePageOptions): Promise<void> {
  let page: { readonly folder: string; readonly html: string } | undefined;
  let fault: string | undefined;
  builtPage(say).then(
    (folder) => {
      page = { folder, html: readFileSync(join(folder, 'index.html'), 'utf8') };
    },
    (error: Error) => {
      fault = error.message;
      say(`page: ${error.message}`);
    },
  );
  await app.register(fastifyStatic, { root: fileURLToPath(new URL('.', import.meta.url)), serve: false });

  app.get('/page.json', async (_request, reply) => {
    reply.header('Cache-Control', 'no-store');
    return { admin_port: adminPort ?? null };
  });
  app.get('/', async (request, reply) => {
    if (page) {
      protect(reply, contentPolicy(page.html, adminOrigins(request, adminPort))).header('Cache-Control', 'no-cache');
      return reply.sendFile('index.html', page.folder, { cacheControl: false });
    }
    const waiting = await readFile(WAITING, 'utf8');
    protect(reply, contentPolicy(waiting, [])).header('Cache-Control', 'no-store').type('text/html; charset=utf-8');
    return reply
      .code(fault ? 500 : 503)
      .header('Retry-After', '1')
      .send(fault ? withoutReload(waiting) : waiting);
  });
  app.get<{ Params: { '*': string } }>('/assets/*', async (request, reply) => {
    if (!page) return reply.callNotFound();
    protect(reply, "default-src 'none'");
    return reply.sendFile(`assets/${request.params['*']}`, page.folder, {
      maxAge: ASSET_SECONDS * 1_000,
      immutable: true,
    });
  });
  app.get('/favicon.svg', async (_request, reply) => {
    if (!page) return reply.callNotFound();
    protect(reply, "default-src 'none'; style-src 'unsafe-inline'");
    return reply.sendFile('favicon.svg', page.folder, { maxAge: 3_600_000 });
  });
}

/** The listener of operators as this browser reaches it: the host that it asked for, another port. */
function adminOrigins({ protocol, hostname }: FastifyRequest, adminPort: number | undefined): string[] {
  return adminPort !== undefined && HOSTNAME.test(hostname) ? [`${protocol}://${hostname}:${adminPort}`] : [];
}

/** Scripts and styles from here alone, data from here alone, and nobody may put the page into a frame. */
export function contentPolicy(html: string, origins: readonly string[]): string {
  const inline = (tag: 'script' | 'style') =>
    [...html.matchAll(new RegExp(`<${tag}>([\\s\\S]*?)</${tag}>`, 'g'))].map(
      ([, text]) => `'sha256-${createHash('sha256').update(text!).digest('base64')}'`,
    );
  return [
    "default-src 'none'",
    ['script-src', "'self'", ...inline('script')].join(' '),
    ['style-src', "'self'", ...inline('style')].join(' '),
    "img-src 'self' data:",
    "font-src 'self'",
    ['connect-src', "'self'", ...origins].join(' '),
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}

function protect(reply: FastifyReply, policy: string): FastifyReply {
  return reply
    .header('Content-Security-Policy', policy)
    .header('X-Content-Type-Options', 'nosniff')
    .header('Referrer-Policy', 'no-referrer')
    .header('Cross-Origin-Opener-Policy', 'same-origin')
    .header('Permissions-Policy', 'camera=(), microphone=(), geolocation=()');
}

function withoutReload(waiting: string): string {
  return waiting
    .replace(/<meta http-equiv="refresh"[^>]*>/, '')
    .replace(
      /<p>[\s\S]*<\/p>/,
      '<p>The page could not be built: the exchange has written why. REST and sockets are not touched by this.</p>',
    );
}
