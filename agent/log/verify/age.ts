/**
 * Opens parts of bundles for head office: age files (C2SP age.md) for an X25519 identity. The package `age-encryption` reads the file; the identity is handled here,
 * as bytes that the caller wipes.
 */
import { createDecipheriv, createPrivateKey, createPublicKey, diffieHellman, hkdfSync, type KeyObject } from 'node:crypto';
import { bech32 } from '@scure/base';
import { Decrypter, type Identity } from 'age-encryption';
import { must, Wrong } from './canonical.ts';

/** The identity in a file as age-keygen writes it: lines that begin with `#`, and one `AGE-SECRET-KEY-1...`. 32 bytes. Throws Wrong. */
export function readIdentity(file: Uint8Array): Uint8Array {
  const lines = Buffer.from(file.buffer, file.byteOffset, file.byteLength).toString('latin1').split(/\r?\n/);
  const [line, second] = lines.map((one) => one.trim()).filter((one) => one !== '' && !one.startsWith('#'));
  must(line !== undefined && second === undefined, 'it does not hold one age identity');
  try {
    const { prefix, bytes } = bech32.decodeToBytes(line.toLowerCase());
    if (prefix === 'age-secret-key-' && bytes.byteLength === 32 && line === line.toUpperCase()) return bytes;
  } catch {
    // Said below: what bech32 complains about may repeat what was read.
  }
  throw new Wrong('it does not hold an age identity (AGE-SECRET-KEY-1...)');
}

/** The recipient of an identity, `age1...`. */
export function recipientOf(identity: Uint8Array): string {
  return bech32.encodeFromBytes('age', publicBytes(createPublicKey(secretKey(identity))));
}

/** Decrypts an age file piece by piece. Throws Wrong when it is not for this identity or was changed; what `pieces` throws comes through. */
export async function* openAge(identity: Uint8Array, pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  const source = pieces[Symbol.asyncIterator]();
  let failure: { readonly cause: unknown } | undefined;
  const input = new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const next = await source.next();
        if (next.done === true) controller.close();
        else controller.enqueue(next.value);
      } catch (cause) {
        failure = { cause };
        controller.error(cause);
      }
    },
  });
  const decrypter = new Decrypter();
  decrypter.addIdentity(x25519(identity));
  const refuse = (): never => {
    if (failure !== undefined) throw failure.cause;
    throw new Wrong('it does not open with this identity, or it was changed');
  };
  try {
    const output = await decrypter.decrypt(input).catch(refuse);
    const reader = output.getReader();
    for (;;) {
      const { done, value } = await reader.read().catch(refuse);
      if (done) return;
      yield value;
    }
  } finally {
    await source.return?.();
  }
}

const pkcs8 = Buffer.from('302e020100300506032b656e04220420', 'hex');
const spki = Buffer.from('302a300506032b656e032100', 'hex');

function secretKey(identity: Uint8Array): KeyObject {
  const der = Buffer.concat([pkcs8, identity]);
  try {
    return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  } finally {
    der.fill(0);
  }
}

function publicBytes(key: KeyObject): Uint8Array {
  return key.export({ format: 'der', type: 'spki' }).subarray(spki.byteLength);
}

function x25519(identity: Uint8Array): Identity {
  return {
    unwrapFileKey: (stanzas) => {
      const secret = secretKey(identity);
      const own = publicBytes(createPublicKey(secret));
      for (const { args, body } of stanzas) {
        const share = Buffer.from(args[1] ?? '', 'base64');
        if (args.length !== 2 || args[0] !== 'X25519' || share.byteLength !== 32 || body.byteLength !== 32) continue;
        const theirs = createPublicKey({ key: Buffer.concat([spki, share]), format: 'der', type: 'spki' });
        const shared = diffieHellman({ privateKey: secret, publicKey: theirs });
        const key = Buffer.from(hkdfSync('sha256', shared, Buffer.concat([share, own]), 'age-encryption.org/v1/X25519', 32));
        shared.fill(0);
        const decipher = createDecipheriv('chacha20-poly1305', key, Buffer.alloc(12), { authTagLength: 16 });
        key.fill(0);
        decipher.setAuthTag(body.subarray(16));
        const fileKey = decipher.update(body.subarray(0, 16));
        try {
          decipher.final();
          return fileKey;
        } catch {
          continue;
        }
      }
      return null;
    },
  };
}
