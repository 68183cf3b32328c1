/**
 * What the signing machine asks for, done: the only place where tokens, fingerprint readers, documents and the log meet. Each actor is one step; it
 * asks its device, writes its entries, and throws a `SigningProblem` when something is refused. Anything else that is thrown is a bug.
 */
import { createHash, randomBytes } from 'node:crypto';
import { fromPromise } from 'xstate';
import type { ReaderPrompt, ReaderSource } from '../../drivers/fingerprint.ts';
import type { PadMoment, TokenSource } from '../../drivers/token.ts';
import { PdfRefused } from '../documents/pdf-objects.ts';
import { preparePades, SignatureRefused, type PadesRequest } from '../documents/pades.ts';
import type { PreparedSignature } from '../documents/prepared.ts';
import type { Trust } from '../documents/trust.ts';
import type { Actor } from '../log/events.ts';
import { verifyAssertion } from '../people/assertion.ts';
import type { Enrolments } from '../people/enrolment.ts';
import { consentDigest, makeConsent } from './consent.ts';
import type { Desk } from './desk.ts';
import { chooseReader } from './finger.ts';
import { judgeKeys } from './keys.ts';
import type * as model from './model.ts';
import { askDevice, documentProblem, SigningProblem } from './problem.ts';
import type { Recorder } from './recorder.ts';

export interface ActorParts {
  readonly tokens: TokenSource;
  readonly readers: ReaderSource;
  readonly desk: Desk;
  readonly recorder: Recorder;
  readonly enrolments: Enrolments;
  /** Which issuers count now, and what they revoked. */
  readonly trust: () => Promise<Trust>;
  /** Origin of the log. */
  readonly origin: string;
  readonly stationName: string;
  /** Relying party id: the organisation's domain. */
  readonly rpId: string;
  readonly now: () => Date;
  readonly onPrompt: (prompt: ReaderPrompt) => void;
  readonly onPad: (moment: PadMoment) => void;
}

const unknownPerson = { id: 'unknown', role: 'holder' } as const;

/** The actors that `machine.provide` takes. */
export function signingActors(parts: ActorParts) {
  const { tokens, desk, recorder, enrolments } = parts;
  const holder = (certificateSha256: string): Actor => {
    const subject = enrolments.of(certificateSha256)?.subject;
    return subject === undefined ? unknownPerson : { id: subject, role: 'holder' };
  };
  // One visit at a time: who it is, for entries that a problem leaves.
  let actor: Actor = unknownPerson;

  return {
    readToken: fromPromise<model.ReadTokenOutput, model.ReadTokenInput>(async ({ input, signal }) => {
      actor = unknownPerson;
      const { operation, tokenId } = input;
      const seen = tokens.tokens().find(({ id }) => id === tokenId);
      const entry = {
        op: 'token-in',
        operation,
        actor,
        module: seen?.module ?? 'unknown',
        token_serial: seen?.serial ?? 'unknown',
      } as const;
      try {
        const contents = await askDevice('token', () => tokens.read(tokenId));
        const trust = await parts.trust();
        // The visit is over, and perhaps another one is going on: this one's `token-out` is in the log, and nobody waits for the answer.
        if (signal.aborted) throw new SigningProblem('cancelled', { recorded: true });
        const certificates = contents.keys.map(({ certificateSha256 }) => certificateSha256);
        const judged = judgeKeys(contents.keys, trust, enrolments, parts.now());
        if ('keys' in judged) actor = holder(judged.keys[0]?.certificateSha256 ?? '');
        const problem = 'problem' in judged ? { problem: judged.problem } : {};
        await recorder.record({ ...entry, actor, certificates, revocation_lists: [...judged.lists], ...problem });
        if ('problem' in judged) throw new SigningProblem(judged.problem, { recorded: true });
        return { pin: contents.pin, keys: judged.keys };
      } catch (error) {
        if (
          !signal.aborted &&
          error instanceof SigningProblem &&
          error.problem.recorded !== true &&
          error.problem.code !== 'log-unavailable'
        )
          await recorder.record({ ...entry, certificates: [], problem: error.problem.code });
        throw error;
      }
    }),

    recordTwoTokens: fromPromise<undefined, { tokens: model.Context['tokens'] }>(async ({ input }) => {
      actor = unknownPerson;
      const [module, serials] = [input.tokens[0]?.module ?? 'unknown', input.tokens.map(({ serial }) => serial).join(' ')];
      await recorder.record({ op: 'token-in', actor, module, token_serial: serials.slice(0, 64), certificates: [], problem: 'two-tokens' });
      return undefined;
    }),

    openDocument: fromPromise<model.OpenDocument, { documentId: string }>(({ input }) => desk.open(input.documentId)),

    recordConsent: fromPromise<model.Intent, model.RecordConsentInput>(async ({ input }) => {
      const { operation, key, document } = input;
      actor = holder(key.certificateSha256);
      await desk.mustBeUnchanged(document);
      const at = parts.now();
      const statement = makeConsent({
        station: parts.origin,
        operation,
        documentDigest: document.view.digest,
        documentSize: document.view.size,
        certificateSha256: key.certificateSha256,
        nonce: randomBytes(32),
        at,
      });
      const digest = consentDigest(statement);
      const prepared = prepare(document.bytes, {
        certificate: key.certificate,
        chain: key.chain,
        hash: key.hash,
        scheme: key.scheme,
        signedAt: at,
        operation,
        station: parts.stationName,
      });
      const common = { document_sha256: document.view.digest, certificate_sha256: key.certificateSha256, consent_sha256: hex(digest) };
      const intent = await recorder.record(
        { op: 'consent', operation, actor, statement: { ...statement }, consent_sha256: hex(digest) },
        { op: 'sign.intent', operation, actor, ...common, scheme: key.scheme, hash: key.hash },
      );
      return { entry: intent.seq, consentDigest: digest, expires: new Date(statement.expires), prepared };
    }),

    verifyFinger: fromPromise<undefined, model.VerifyFingerInput>(async ({ input, signal }) => {
      const { operation, key, intent } = input;
      const clientDataHash = intent.consentDigest;
      const credential = enrolments.of(key.certificateSha256) ?? key.credential;
      const assertion = await askDevice('fingerprint', async () => {
        const reader = await chooseReader(parts.readers, credential);
        const request = { rpId: parts.rpId, credentialId: credential.credentialId, clientDataHash };
        return reader.verify(request, { signal, onPrompt: parts.onPrompt }).finally(() => reader.close());
      });
      if (signal.aborted) throw new SigningProblem('cancelled');
      const verdict = verifyAssertion({ assertion, credential, rpId: parts.rpId, clientDataHash });
      if (!verdict.ok || parts.now() > intent.expires) throw new SigningProblem('assertion-refused');
      await recorder.record({
        op: 'finger-matched',
        operation,
        actor,
        consent_sha256: hex(clientDataHash),
        credential_id: hex(assertion.credentialId),
        authenticator_data: hex(assertion.authenticatorData),
        client_data_hash: hex(assertion.clientDataHash),
        signature: hex(assertion.signature),
        sign_count: verdict.signCount,
        assurance: 'signed-by-reader',
      });
      return undefined;
    }),

    sign: fromPromise<Uint8Array, model.SignInput>(({ input }) => {
      const { certificateSha256, scheme, hash } = input.key;
      const request = { tokenId: input.tokenId, certificateSha256, scheme, hash, message: input.intent.prepared.message };
      return askDevice('token', () => tokens.sign(request, input.pin, parts.onPad));
    }),

    check: fromPromise<model.StagedOutput, model.CheckInput>(async ({ input }) => {
      const { operation, document, intent, signature } = input;
      const output = finish(intent, signature);
      const name = await desk.stage(operation, document, output).catch((error: unknown) => {
        throw new SigningProblem('output-failed', { cause: error });
      });
      return { digest: hex(sha256(output)), size: output.length, name, signatureDigest: hex(sha256(signature)) };
    }),

    save: fromPromise<model.SignedResult, model.SaveInput>(async ({ input }) => {
      const { operation, document, key, intent, staged } = input;
      const entry = await recorder.record({
        op: 'sign.done',
        operation,
        actor,
        intent: intent.entry,
        document_sha256: document.view.digest,
        certificate_sha256: key.certificateSha256,
        output_sha256: staged.digest,
        output_size: staged.size,
        signature_sha256: staged.signatureDigest,
      });
      const name = await desk.publish(operation, document).catch(() => undefined);
      const delivered = name !== undefined;
      return { entry: entry.seq, at: entry.at.time, outputDigest: staged.digest, outputName: name ?? staged.name, delivered };
    }),

    recordProblem: fromPromise<model.RecordProblemOutput, model.RecordProblemInput>(async ({ input }) => {
      const output = await recorder.recordProblem(actor, input);
      if (output.outcome === 'nothing-signed') await desk.discard(input.operation);
      return output;
    }),

    recordTokenOut: fromPromise<undefined, { operation: string }>(async ({ input }) => {
      await recorder.record({ op: 'token-out', operation: input.operation, actor });
      return undefined;
    }),
  };
}

/** Builds what the token signs; a document that cannot carry another signature is refused like at intake. */
function prepare(document: Uint8Array, request: PadesRequest): PreparedSignature {
  try {
    return preparePades(document, request);
  } catch (error) {
    throw error instanceof PdfRefused ? documentProblem(error.refusal) : error;
  }
}

/** Assembles the output and checks it whole; a signature that does not verify never becomes a file. */
function finish(intent: model.Intent, signature: Uint8Array): Uint8Array {
  try {
    return intent.prepared.finish(signature);
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
