/**
 * The session of this boot: two random values that a page gets from this agent, one as a cookie that no script can read, one that no other
 * origin can send as a header. It says that a request comes from the kiosk's page; it says nothing about who stands before the screen.
 */
import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { csrfHeader, sessionCookie } from '../contract/api.ts';

const secretLength = 32;

export class Session {
  readonly #secret = randomBytes(secretLength).toString('base64url');
  /** What a page sends in the header `x-countersign`. */
  readonly csrf = randomBytes(secretLength).toString('base64url');

  /** The Set-Cookie header (RFC 6265bis): not for scripts, and never sent along with what another site started. */
  setCookie(): string {
    return `${sessionCookie}=${this.#secret}; Path=/; HttpOnly; SameSite=Strict`;
  }

  /** Whether a request carries both values. Another server on this host may have set a cookie of the same name, so each is tried. */
  holds(request: IncomingMessage): boolean {
    const header = request.headers[csrfHeader];
    const cookies = (request.headers.cookie ?? '').split(';').map((cookie) => cookie.trim());
    const byCookie = cookies
      .filter((cookie) => cookie.startsWith(`${sessionCookie}=`))
      .map((cookie) => sameText(cookie.slice(sessionCookie.length + 1), this.#secret))
      .includes(true);
    return sameText(typeof header === 'string' ? header : '', this.csrf) && byCookie;
  }
}

/** Compares without telling by its duration where two texts differ. Their length is no secret. */
function sameText(left: string, right: string): boolean {
  const a = Buffer.from(left);
  const b = Buffer.from(right);
  return a.length === b.length && timingSafeEqual(a, b);
}
