import type { Role } from '../identity/principal.ts';
import { type AnyRoute, type Nothing, type Route, route } from '../rest/route.ts';

/** A route for operators: it says which roles may ask, or it does not compile. The credential needs the scope `admin`. */
export type AdminRoute<P, Q, B> = Omit<Route<P, Q, B>, 'access' | 'subject' | 'roles'> & {
  readonly roles: readonly [Role, ...Role[]];
};

export function adminRoute<P = Nothing, Q = Nothing, B = Nothing>(declared: AdminRoute<P, Q, B>): AnyRoute {
  return route<P, Q, B>({ ...declared, subject: 'Admin', access: 'admin' });
}
