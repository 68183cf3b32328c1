/** The one login of a visit: the first signature opens it with the PIN, those of the other documents use it, and the first failure ends it. */
import type { Secret } from '../../drivers/secret.ts';
import type { PadMoment, SigningOrder, SigningSession, TokenSource } from '../../drivers/token.ts';

export class Login {
  readonly #tokens: Pick<TokenSource, 'openSigning'>;
  readonly #onPad: (moment: PadMoment) => void;
  #session: SigningSession | undefined;

  constructor(tokens: Pick<TokenSource, 'openSigning'>, onPad: (moment: PadMoment) => void) {
    this.#tokens = tokens;
    this.#onPad = onPad;
  }

  /** Signs under the login that is open; with a PIN, or where none is open, under a new one. Throws DeviceError, and then none is open any more. */
  async sign(order: SigningOrder, message: Uint8Array, pin: Secret | undefined): Promise<Uint8Array> {
    if (pin !== undefined) this.end();
    const session = (this.#session ??= this.#tokens.openSigning(order, pin, this.#onPad));
    try {
      return await session.sign(message);
    } catch (error) {
      if (this.#session === session) this.end();
      throw error;
    }
  }

  /** Ends the login, and with it the process that knew the PIN. May be called at any time, also when none is open. */
  end(): void {
    const session = this.#session;
    this.#session = undefined;
    void session?.close();
  }
}
