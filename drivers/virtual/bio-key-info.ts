/** What a virtual bio key says of itself (getInfo, CTAP 2.1 section 6.4): true at every moment, whatever it is set up to be. */
import type { CborMap, CborValue } from '../fido/cbor.ts';
import { coseAlgorithm } from '../fido/cose.ts';
import type { PinUvVersion } from '../fido/pin-uv-protocol.ts';
import { demoAaguid } from './bio-key-identity.ts';
import type { BioKeyStore } from './bio-key-store.ts';

/**
 * Which generation of keys it belongs to. `2.1` answers bio enrolment under its number and under that of the preview, as keys on the market do.
 * `2.1-preview` is older: no tokens with permissions, bio enrolment under the number of the preview alone.
 */
export type Generation = '2.1' | '2.1-preview';

export interface Capabilities {
  readonly generation: Generation;
  /** PIN/UV auth protocols in its order of preference. */
  readonly protocols: readonly PinUvVersion[];
  /** Unicode code points. */
  readonly minPinLength: number;
}

/** Longest message that it takes, bytes. */
export const maxMessageSize = 2048;

export function infoOf(store: BioKeyStore, { generation, protocols, minPinLength }: Capabilities): CborMap {
  const enrolled = store.templates.all.length > 0;
  const current = generation === '2.1';
  const algorithm = new Map<string, CborValue>([
    ['alg', coseAlgorithm.es256],
    ['type', 'public-key'],
  ]);
  const options = new Map<string, CborValue>([
    ['rk', false],
    ['up', true],
    ['uv', enrolled],
    ['plat', false],
    ['clientPin', store.pinHash !== undefined],
    ['userVerificationMgmtPreview', enrolled],
    ...(current
      ? ([
          ['bioEnroll', enrolled],
          ['pinUvAuthToken', true],
        ] as const)
      : []),
  ]);
  const later: readonly (readonly [number, CborValue])[] = [
    [0x0c, store.pinMustChange],
    [0x0d, minPinLength],
    [0x12, 0x02],
  ];
  return new Map<number, CborValue>([
    [0x01, current ? ['FIDO_2_0', 'FIDO_2_1_PRE', 'FIDO_2_1'] : ['FIDO_2_0', 'FIDO_2_1_PRE']],
    [0x03, Buffer.from(demoAaguid, 'hex')],
    [0x04, options],
    [0x05, maxMessageSize],
    [0x06, protocols],
    [0x07, 8],
    [0x08, 32],
    [0x09, ['usb']],
    [0x0a, [algorithm]],
    [0x0e, 1],
    ...(current ? later : []),
  ]);
}
