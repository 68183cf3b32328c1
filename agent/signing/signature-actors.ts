/** From consent to `sign.done`: the actors that make one signature for each document of a visit, and the entries that each of them writes. */
import { createHash, randomBytes } from 'node:crypto';
import { fromPromise } from 'xstate';
import type { OutputFormat } from '../contract/state.ts';
import { recordCode } from '../documents/appearance-code.ts';
import { contentOf, signatureWishes } from '../documents/document-class.ts';
import { PdfRefused } from '../documents/pdf-objects.ts';
import { prepareSignature, type Signable } from '../documents/output-format.ts';
import { SignatureRefused, type PadesRequest } from '../documents/pades.ts';
import type { PreparedSignature } from '../documents/prepared.ts';
import type { Actor } from '../log/catalogue.ts';
import type { AppendableEvent } from '../log/events.ts';
import { signatureName } from '../log/reconcile.ts';
import { personalOfConsent } from '../people/personal.ts';
import type { ActorParts } from './actors.ts';
import { asJson, consentDigest, makeConsent } from './consent.ts';
import { mayTryFinger, withPause } from './finger-pause.ts';
import { matchFinger } from './finger.ts';
import type * as asked from './asked.ts';
import type * as model from './model.ts';
import { askDevice, documentProblem, SigningProblem } from './problem.ts';
import { publicKeyOf } from './vouching.ts';

/** `holder` tells who acts from now on, by the certificate (SHA-256, hex) that they sign with. */
export function signatureActors(parts: ActorParts, holder: (certificateSha256: string) => Actor) {
  const { desk, recorder, enrolments } = parts;

  return {
    recordConsent: fromPromise<asked.RecordConsentOutput, asked.RecordConsentInput>(async ({ input }) => {
      const { operation, key, documents } = input;
      const actor = holder(key.certificateSha256);
      // Nobody agrees to what has lapsed while they read.
      if (key.vouch !== undefined && key.vouch.until < parts.now().toISOString()) throw new SigningProblem('vouch-lapsed');
      for (const document of documents) await desk.mustBeUnchanged(document);
      const statement = makeConsent({
        station: parts.origin,
        operation,
        documents: documents.map((document) => ({
          sha256: document.view.digest,
          size: document.view.size,
          mark: document.view.mark?.box,
          terms: document.view.terms,
          shown: document.view.other === undefined ? undefined : false,
        })),
        certificateSha256: key.certificateSha256,
        nonce: randomBytes(32),
        at: parts.now(),
        vouch: key.vouch === undefined ? undefined : { entry: key.vouch.seq, leaf: key.vouch.leaf },
      });
      const digest = consentDigest(statement);
      const common = { certificate_sha256: key.certificateSha256, consent_sha256: hex(digest), scheme: key.scheme, hash: key.hash };
      const titles = documents.map(({ view }) => view.name);
      const person = { subject: key.enrolled.subject, fields: personalOfConsent(key.holder.name, titles) };
      const events: readonly AppendableEvent[] = [
        { op: 'consent', operation, actor, statement: asJson(statement), consent_sha256: hex(digest) },
        ...documents.map(({ view }): AppendableEvent => ({
          op: 'sign.intent',
          operation,
          actor,
          document_sha256: view.digest,
          ...common,
        })),
      ];
      const [entered, ...intents] = await recorder.recordAll(events, person);
      const { vouch } = key;
      const vouched = vouch === undefined || entered === undefined ? {} : { vouched: { vouch, consent: entered } };
      return {
        consent: { digest, expires: new Date(statement.expires), ...vouched },
        intents: documents.map((document, index) => {
          const entry = intents[index];
          if (entry === undefined) throw new Error('the log answered with fewer entries than it was given');
          return { entry: entry.seq, leaf: entry.leaf, document };
        }),
      };
    }),

    prepare: fromPromise<model.Prepared, asked.PrepareInput>(async ({ input }) => {
      const { operation, key, intent } = input;
      const document = await desk.reread(intent.document);
      const signedAt = parts.now();
      const { other, format = 'pades' } = document.view;
      const signature = prepare({ fileName: document.fileName, bytes: document.bytes, other }, format, {
        certificate: key.certificate,
        chain: key.chain,
        hash: key.hash,
        scheme: key.scheme,
        signedAt,
        operation,
        station: parts.stationName,
        documentDigest: intent.document.view.digest,
        ...wishes(parts, input, signedAt),
      });
      return { document, signature };
    }),

    verifyFinger: fromPromise<undefined, asked.VerifyFingerInput>(async ({ input, signal }) => {
      const { operation, key, consent } = input;
      const enrolled = enrolments.of(key.certificateSha256) ?? key.enrolled;
      const limits = { policy: parts.fingerPolicy, failures: () => enrolments.failuresOf(enrolled.subject) };
      mayTryFinger(limits);
      const order = { enrolled, digest: consent.digest, tries: input.tries };
      const matched = await matchFinger(parts, order, signal).catch((error: unknown) => {
        throw withPause(error, limits);
      });
      if (parts.now() > consent.expires) throw new SigningProblem('assertion-refused');
      await recorder.record({ op: 'finger-matched', operation, actor: holder(key.certificateSha256), ...matched });
      return undefined;
    }),

    takeVouch: fromPromise<undefined, asked.TakeVouchInput>(async ({ input: { operation, key, consent } }) => {
      const { vouching } = parts;
      const { vouched } = consent;
      if (vouching === undefined || vouched === undefined) throw new Error('no vouch was named by this consent');
      const { vouch } = vouched;
      if (parts.now() > consent.expires || !(await vouching.counts(vouch, vouched.consent, key))) throw new SigningProblem('vouch-lapsed');
      const entry = await recorder.record({
        op: 'vouched',
        operation,
        actor: holder(key.certificateSha256),
        consent_sha256: hex(consent.digest),
        vouch: vouch.seq,
        vouch_leaf: vouch.leaf,
        public_key: publicKeyOf(key),
      });
      vouching.take(entry);
      return undefined;
    }),

    sign: fromPromise<Uint8Array, asked.SignInput>(({ input }) => {
      const { certificateSha256, scheme, hash } = input.key;
      const order = { tokenId: input.tokenId, certificateSha256, scheme, hash };
      return askDevice('token', () => parts.login.sign(order, input.prepared.signature.message, input.pin));
    }),

    check: fromPromise<model.StagedOutput, asked.CheckInput>(async ({ input }) => {
      const { operation, intent, prepared, signature } = input;
      const output = finish(prepared.signature, signature);
      const { name, digest } = await desk
        .stage(signatureName(operation, intent.entry), prepared.document, output, prepared.signature.outputDigest?.())
        .catch((error: unknown) => {
          throw new SigningProblem('output-failed', { cause: error });
        });
      return { digest, size: output.length, name, signatureDigest: hex(sha256(signature)) };
    }),

    save: fromPromise<model.SignedResult, asked.SaveInput>(async ({ input }) => {
      const { operation, key, intent, prepared, staged } = input;
      const entry = await recorder.record({
        op: 'sign.done',
        operation,
        actor: holder(key.certificateSha256),
        intent: intent.entry,
        document_sha256: intent.document.view.digest,
        certificate_sha256: key.certificateSha256,
        output_sha256: staged.digest,
        output_size: staged.size,
        signature_sha256: staged.signatureDigest,
        ...(intent.document.view.format === undefined ? {} : { format: intent.document.view.format }),
      });
      const name = await desk.publish(signatureName(operation, intent.entry), prepared.document).catch(() => undefined);
      const delivered = name !== undefined;
      const receipt = await parts.makeReceipt?.({ operation, actor: entry.event.actor, done: entry.seq, outputName: name });
      const result = { entry: entry.seq, at: entry.at.time, outputDigest: staged.digest, outputName: name ?? staged.name, delivered };
      return { ...result, ...(receipt === undefined ? {} : { receipt }) };
    }),
  };
}

/** What the class of the document asks of the signature, and the mark that the holder agreed to, where there is one. */
function wishes({ desk, stationName, origin }: ActorParts, { key, intent }: asked.PrepareInput, signedAt: Date): Partial<PadesRequest> {
  const handling = desk.handling(intent.document.fileName);
  const box = intent.document.view.mark?.box;
  if (box === undefined) return signatureWishes(handling);
  const { entry, leaf } = intent;
  const facts = { name: key.holder.name, place: stationName, signedAt, entry, qr: recordCode({ origin, entry, leaf }) };
  return { ...signatureWishes(handling), appearance: { box, content: contentOf(handling, facts) } };
}

/** Builds what the token signs; a document that cannot carry another signature is refused like at intake. */
function prepare(document: Signable, format: OutputFormat, request: PadesRequest): PreparedSignature {
  try {
    return prepareSignature(document, format, request);
  } catch (error) {
    throw error instanceof PdfRefused ? documentProblem(error.refusal) : error;
  }
}

/** Assembles the output and checks it whole; a signature that does not verify never becomes a file. */
function finish(prepared: PreparedSignature, signature: Uint8Array): Uint8Array {
  try {
    return prepared.finish(signature);
  } catch (error) {
    if (error instanceof SignatureRefused) throw new SigningProblem('signature-refused', { cause: error });
    throw error;
  }
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

function sha256(bytes: Uint8Array): Uint8Array {
  return createHash('sha256').update(bytes).digest();
}
