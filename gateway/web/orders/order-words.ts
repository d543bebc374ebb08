/** Orders in the words of people. */
import type { OrderPayload } from '../../../schemas/socket-payloads.ts';
import { dayAndTime } from '../format/instants.ts';

const IN_FORCE = { gtc: 'until cancelled', ioc: 'at once', fok: 'all or nothing', gtd: 'until' } as const;

export function inForceName({ time_in_force, expires_at }: Pick<OrderPayload, 'time_in_force' | 'expires_at'>): string {
  if (time_in_force === 'gtd' && expires_at) return `until ${dayAndTime(expires_at)}`;
  return IN_FORCE[time_in_force] ?? time_in_force;
}
