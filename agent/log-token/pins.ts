/**
 * How a PIN reaches the token that holds the key of the log. It is kept nowhere: its bytes live until they are in the pipe of the host. A systemd
 * credential can be read again when a host has to be replaced at night; what a person typed cannot, and then the station says so and stops.
 */
import type { StationToken, WantedKey } from '../../drivers/pkcs11/station-token.ts';
import type { Secret } from '../../drivers/secret.ts';
import { TokenRefused } from './refusal.ts';

/** A PIN, and whether a person has just typed it. */
export interface GivenPin {
  readonly pin: Secret;
  readonly typed: boolean;
}

/** Who knows the PIN. */
export interface PinSource {
  /** From the credential, or from whoever is at the terminal. Throws StartRefused where there is nobody. */
  give(): Promise<GivenPin>;
  /** Without any person; nothing where only a person knows it. */
  again(): Promise<Secret | undefined>;
}

/**
 * Logs in and takes the key in hand; gives its public key, 32 bytes. A PIN that nobody typed is used only while the token remembers no wrong one: so an
 * agent that is started over and over with a wrong credential spends one try, and never the last. Throws TokenRefused and DeviceError.
 */
export async function openWith(token: StationToken, key: WantedKey, { pin, typed }: GivenPin): Promise<Uint8Array> {
  if (!typed && (token.pin === 'low' || token.pin === 'last-try')) {
    pin.wipe();
    const left = token.pin === 'last-try' ? ', and one try is left before it locks' : '';
    throw new TokenRefused(
      `a wrong PIN was given to the token ${JSON.stringify(token.name)}${left}, so the one in the credential is not tried by itself; ` +
        'mend the credential, and type the PIN once at a terminal: countersign log checkpoint --new',
      false,
    );
  }
  return token.open(key, pin);
}
