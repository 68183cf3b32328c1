/**
 * authenticatorBioEnrollment (CTAP 2.1 section 6.7): the fingers that a key knows. Each method is one command; whoever calls decides what follows. Keys
 * from before the standard have it under another number.
 */
import { DeviceError } from '../errors.ts';
import { type FingerSample, type KnownFinger, sampleFeedbacks } from '../finger-keeper.ts';
import type { AuthenticatorInfo } from './authenticator-info.ts';
import { CborFields, type CborMap, type CborValue, encodeCbor } from './cbor.ts';
import type { CallOptions } from './channel.ts';
import { cborMap, type Ctap2, parsed } from './ctap.ts';
import type { FingerToken } from './device-pin.ts';
import { ctapStatus } from './status.ts';

const commandByte = { standard: 0x09, preview: 0x40 } as const;
const subCommand = { begin: 1, next: 2, cancel: 3, enumerate: 4, setName: 5, remove: 6, sensorInfo: 7 } as const;
const fingerprintModality = 1;

export interface SensorInfo {
  readonly kind: 'touch' | 'swipe' | 'unknown';
  /** Good samples that the enrolment of a finger takes at most. */
  readonly maxSamples: number;
  /** Longest name of a finger, bytes of UTF-8; 64 where the key does not say (section 6.7). */
  readonly maxNameBytes: number;
}

/** Where the key speaks of its fingers: under the number of the standard or of the preview. Throws DeviceError mechanism-unsupported. */
function commandOf(info: AuthenticatorInfo): number {
  if (info.options.has('bioEnroll')) return commandByte.standard;
  if (info.versions.includes('FIDO_2_1_PRE') && info.options.has('userVerificationMgmtPreview')) return commandByte.preview;
  throw new DeviceError('mechanism-unsupported', 'no fingers can be enrolled on this key', { recover: 'ask-staff' });
}

export class BioEnrolment {
  readonly #ctap: Ctap2;
  readonly #command: number;

  /** Throws DeviceError mechanism-unsupported for a key that has no such command. */
  constructor(ctap: Ctap2, info: AuthenticatorInfo) {
    this.#ctap = ctap;
    this.#command = commandOf(info);
  }

  /** Section 6.7.2. */
  async sensorInfo(options: CallOptions): Promise<SensorInfo> {
    const answer = await this.#send('sensorInfo', subCommand.sensorInfo, undefined, undefined, options);
    return parsed('sensorInfo', () => {
      const kind = answer.integer(2);
      return {
        kind: kind === 1 ? 'touch' : kind === 2 ? 'swipe' : 'unknown',
        maxSamples: answer.integer(3),
        maxNameBytes: answer.optionalInteger(8) ?? 64,
      };
    });
  }

  /** Section 6.7.4: waits for the first sample of a new finger. `timeoutMs`: how long the key waits; then it says `no-finger`. */
  async begin(
    token: FingerToken,
    timeoutMs: number,
    options: CallOptions,
  ): Promise<{ readonly id: Uint8Array; readonly sample: FingerSample }> {
    const answer = await this.#send('enrollBegin', subCommand.begin, token, cborMap([[3, timeoutMs]]), options);
    return parsed('enrollBegin', () => ({ id: answer.bytes(4), sample: sampleOf(answer) }));
  }

  /** Section 6.7.4: waits for the next sample. */
  async next(token: FingerToken, id: Uint8Array, timeoutMs: number, options: CallOptions): Promise<FingerSample> {
    const params = cborMap([
      [1, id],
      [3, timeoutMs],
    ]);
    const answer = await this.#send('enrollCaptureNextSample', subCommand.next, token, params, options);
    return parsed('enrollCaptureNextSample', () => sampleOf(answer));
  }

  /** Section 6.7.5: forgets the finger that is half enrolled. */
  async cancel(options: CallOptions): Promise<void> {
    await this.#send('cancelCurrentEnrollment', subCommand.cancel, undefined, undefined, options);
  }

  /** Section 6.7.6. A key without fingers answers 0x2C; that is an empty list. */
  async enumerate(token: FingerToken, options: CallOptions): Promise<readonly KnownFinger[]> {
    let answer: CborFields;
    try {
      answer = await this.#send('enumerateEnrollments', subCommand.enumerate, token, undefined, options);
    } catch (error) {
      if (error instanceof DeviceError && error.origin?.kind === 'ctap' && error.origin.value === ctapStatus.invalidOption) return [];
      throw error;
    }
    return parsed('enumerateEnrollments', () =>
      answer.list(7).map((entry) => {
        const template = new CborFields(entry, 'template');
        const name = template.optionalText(2) ?? '';
        return { id: Buffer.from(template.bytes(1)).toString('hex'), ...(name === '' ? {} : { name }) };
      }),
    );
  }

  /** Section 6.7.7. Throws DeviceError device-error with 0x2C for a finger that the key does not know. */
  async setName(token: FingerToken, id: Uint8Array, name: string, options: CallOptions): Promise<void> {
    const params = cborMap([
      [1, id],
      [2, name],
    ]);
    await this.#send('setFriendlyName', subCommand.setName, token, params, options);
  }

  /** Section 6.7.8. Throws DeviceError device-error with 0x2C for a finger that the key does not know. */
  async remove(token: FingerToken, id: Uint8Array, options: CallOptions): Promise<void> {
    await this.#send('removeEnrollment', subCommand.remove, token, cborMap([[1, id]]), options);
  }

  /** With a token it authenticates 0x01 || subCommand || parameters, where there are any (section 6.7.1). */
  #send(
    what: string,
    wanted: number,
    token: FingerToken | undefined,
    params: CborMap | undefined,
    options: CallOptions,
  ): Promise<CborFields> {
    const encoded = params === undefined ? new Uint8Array(0) : encodeCbor(params);
    const auth = token?.authenticate(Buffer.concat([Uint8Array.of(fingerprintModality, wanted), encoded]));
    const fields: [number, CborValue | undefined][] = [
      [1, fingerprintModality],
      [2, wanted],
      [3, params],
      [4, auth?.version],
      [5, auth?.param],
    ];
    return this.#ctap.command(what, this.#command, cborMap(fields), options);
  }
}

function sampleOf(answer: CborFields): FingerSample {
  const native = answer.integer(5);
  return { feedback: sampleFeedbacks[native] ?? 'unknown', native, remaining: answer.integer(6) };
}
