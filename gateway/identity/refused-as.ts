import { RequestRefused } from '../rest/errors.ts';
import { EmailTaken } from './identity-store.ts';
import { TooManyKeys } from './key-ring.ts';
import { TooManyAttempts } from './login-attempts.ts';
import { HashingBusy } from './password-hasher.ts';
import { UnavailableError } from './unavailable.ts';

/** An error of identity in the words of a refusal; any other as it is. */
export function refusedAs(error: unknown): unknown {
  if (error instanceof UnavailableError) {
    const message = 'The database is away: sessions and keys that are known go on; try this again shortly.';
    return new RequestRefused({ code: 'unavailable', message });
  }
  if (error instanceof HashingBusy) {
    const message = 'As many passwords are being checked as can be; try again in a second.';
    return new RequestRefused({ code: 'rate_limited', message, retryAfterMs: 1_000 });
  }
  if (error instanceof TooManyAttempts) {
    const { retryAfterMs } = error;
    return new RequestRefused({ code: 'rate_limited', message: 'Too many attempts; try again later.', retryAfterMs });
  }
  if (error instanceof EmailTaken) {
    const message = 'Somebody has registered with this e-mail address.';
    return new RequestRefused({ code: 'conflict', message, field: 'email' });
  }
  if (error instanceof TooManyKeys) {
    const message = `${error.most} keys is all that one person may have: revoke one first.`;
    return new RequestRefused({ code: 'conflict', message, allowed: `${error.most} keys` });
  }
  return error;
}
