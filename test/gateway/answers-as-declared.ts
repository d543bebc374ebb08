/** Holds every answer to what its route declares: a field more, a field less or another type is a fault of the gateway. */
import assert from 'node:assert/strict';
import { errorAnswer } from '../../gateway/rest/answer-shapes.ts';
import { gatewayCodes, statusOf } from '../../gateway/rest/errors.ts';
import { everyRoute } from '../../gateway/rest/openapi-file.ts';
import type { AnyRoute } from '../../gateway/rest/route.ts';
import { enumSymbols } from '../../schemas/generated/records.ts';

const routes = everyRoute();
/** Any route may be refused with these. */
const EVERYWHERE: ReadonlySet<string> = new Set(Object.keys(gatewayCodes));
/** Said of a field's value before the exchange is asked. */
const reasons: ReadonlySet<string> = new Set(enumSymbols.RejectReason);

export interface SeenAnswer {
  readonly method: string;
  readonly url: string;
  readonly status: number;
  readonly body: unknown;
}

export function assertAsDeclared({ method, url, status, body }: SeenAnswer): void {
  const told = `${method} ${url} gave ${status} ${JSON.stringify(body).slice(0, 500)}`;
  const route = routeOf(method, url);
  if (status < 400) {
    const shape = route?.answers[status]?.body;
    assert.ok(shape, `${told}: no such answer is declared`);
    const result = shape.safeParse(body);
    assert.ok(result.success, `${told}: ${result.error?.message}`);
    return;
  }
  const refusal = errorAnswer.safeParse(body);
  assert.ok(refusal.success, `${told}: ${refusal.error?.message}`);
  const { code } = refusal.data;
  assert.equal(status, statusOf(code as never), told);
  if (EVERYWHERE.has(code) || !route) return;
  assert.ok(reasons.has(code) && (route.refusals as readonly string[]).includes(code), `${told}: not declared`);
}

/** One with a literal in its path before one with a parameter there, as the router finds them. */
export function routeOf(method: string, url: string): AnyRoute | undefined {
  const parts = url.split('?')[0]!.split('/');
  return routes
    .filter((route) => {
      const names = route.path.split('/');
      if (route.method !== method || names.length !== parts.length) return false;
      return names.every((name, index) => name.startsWith(':') || name === parts[index]);
    })
    .sort((left, right) => left.path.split(':').length - right.path.split(':').length)[0];
}
