/** What each actor is given, taken from the machine's memory. A missing piece is a bug in the machine and is thrown as one. */
import { tokenGone } from './guards.ts';
import type * as asked from './asked.ts';
import type * as model from './model.ts';

function need<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new Error(`the signing machine has no ${what} here`);
  return value;
}

export function readToken(context: model.Context): asked.ReadTokenInput {
  return { operation: context.operation, tokenId: need(context.tokenId, 'token') };
}

export function judgeFile({ signedFile }: model.Context): { fileId: string } {
  return { fileId: need(signedFile, 'file to check').id };
}

export function openDocument({ chosen, shown, key }: model.Context): asked.OpenDocumentInput {
  return { documentId: need(chosen[shown.length], 'document to show'), key: need(key, 'key') };
}

export function recordConsent(context: model.Context): asked.RecordConsentInput {
  return { operation: context.operation, key: need(context.key, 'key'), documents: context.shown };
}

export function prepare(context: model.Context): asked.PrepareInput {
  return { operation: context.operation, key: need(context.key, 'key'), intent: need(context.intents[0], 'intent') };
}

export function verifyFinger(context: model.Context): asked.VerifyFingerInput {
  const { operation, fingerTries: tries } = context;
  return { operation, key: need(context.key, 'key'), consent: need(context.consent, 'consent'), tries };
}

export function takeVouch(context: model.Context): asked.TakeVouchInput {
  return verifyFinger(context);
}

/** The PIN goes from the event to the actor and is kept nowhere; a reader with its own pad gets none, and one PIN serves every document. */
export function sign(context: model.Context, event: model.VisitEvent): asked.SignInput {
  return {
    operation: context.operation,
    tokenId: need(context.tokenId, 'token'),
    key: need(context.key, 'key'),
    prepared: need(context.prepared, 'prepared signature'),
    pin: event.type === 'pin' ? event.pin : undefined,
  };
}

export function check(context: model.Context): asked.CheckInput {
  return {
    operation: context.operation,
    intent: need(context.intents[0], 'intent'),
    prepared: need(context.prepared, 'prepared signature'),
    signature: need(context.signature, 'signature'),
  };
}

export function save(context: model.Context): asked.SaveInput {
  return {
    operation: context.operation,
    key: need(context.key, 'key'),
    intent: need(context.intents[0], 'intent'),
    prepared: need(context.prepared, 'prepared signature'),
    staged: need(context.staged, 'staged output'),
  };
}

export function recordProblem(context: model.Context): asked.RecordProblemInput {
  return {
    operation: context.operation,
    problem: need(context.problem, 'problem'),
    intents: context.intents,
    fingerMatched: context.fingerMatched,
    tokenGone: tokenGone(context) && !context.tokenOutRecorded,
  };
}
