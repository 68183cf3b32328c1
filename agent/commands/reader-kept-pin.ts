/**
 * Which sealed PIN belongs to the key that is plugged in. A key does not say whose it is, so a person says it, and one PIN is chosen by its entry: none is
 * ever tried to find out, because a wrong one costs a try.
 */
import { type KeptPin, type PinNotOpened, pinTier } from '../people/reader-pin.ts';
import { StartRefused } from '../refusals.ts';
import { WrongUsage } from './arguments.ts';

/** How the PIN was named. */
export type NamedPin = { readonly certificate: string } | { readonly entry: number };

/** Reads --certificate and --entry, of which one is given. Throws WrongUsage. */
export function readNamed(certificate: string | undefined, entry: string | undefined): NamedPin {
  if ((certificate === undefined) === (entry === undefined))
    throw new WrongUsage('Say whose key it is, by --certificate, or which PIN it has, by --entry.');
  if (certificate !== undefined) {
    if (/^[0-9a-f]{8,64}$/.test(certificate)) return { certificate };
    throw new WrongUsage(
      `--certificate takes the first 8 to 64 small hexadecimal digits of a certificate's SHA-256, and not "${certificate}".`,
    );
  }
  if (entry === undefined || !/^\d{1,15}$/.test(entry)) throw new WrongUsage('--entry takes the number of an entry.');
  return { entry: Number(entry) };
}

/** The PIN that is meant: of a certificate the newest. `all`: oldest first. Throws StartRefused. */
export function choosePin(all: readonly KeptPin[], named: NamedPin): KeptPin {
  if ('entry' in named) {
    const found = all.find(({ seq }) => seq === named.entry);
    if (found === undefined) throw new StartRefused(`Entry ${named.entry} holds no PIN of a key.`, 1);
    return found;
  }
  const fitting = all.filter(({ event }) => event.certificate_sha256.startsWith(named.certificate));
  const newest = fitting.at(-1);
  if (newest === undefined)
    throw new StartRefused(`No key was made ready for certificate ${named.certificate} at this station, so its PIN is not known here.`, 1);
  if (fitting.some(({ event }) => event.certificate_sha256 !== newest.event.certificate_sha256))
    throw new StartRefused(`Several certificates begin with ${named.certificate}. Give more digits.`, 1);
  return newest;
}

/** The PIN of the same certificate that was entered before this one. */
export function pinBefore(all: readonly KeptPin[], { seq, event }: KeptPin): KeptPin | undefined {
  return all.findLast((one) => one.seq < seq && one.event.certificate_sha256 === event.certificate_sha256);
}

/** Why a PIN did not open, for the member of staff. */
export function notOpened({ why }: PinNotOpened, { seq }: Pick<KeptPin, 'seq'>, id: string): StartRefused {
  if (why === 'locked')
    return new StartRefused(`${id} may not open the PIN of a key: that needs the tier ${pinTier}, which supervisors and auditors have.`, 1);
  if (why === 'erased')
    return new StartRefused(`The PIN in entry ${seq} was erased with the data of its holder. The key can only be reset.`, 1);
  return new StartRefused(`The PIN in entry ${seq} does not open (${why}). See: countersign log verify`, 1);
}
