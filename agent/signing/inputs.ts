/** What each actor is given, taken from the machine's memory. A missing piece is a bug in the machine and is thrown as one. */
import { tokenGone } from './guards.ts';
import type * as model from './model.ts';

function need<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new Error(`the signing machine has no ${what} here`);
  return value;
}

export function readToken(context: model.Context): model.ReadTokenInput {
  return { operation: context.operation, tokenId: need(context.tokenId, 'token') };
}

export function openDocument(event: model.VisitEvent): { documentId: string } {
  if (event.type !== 'choose-document') throw new Error(`no document is chosen by ${event.type}`);
  return { documentId: event.documentId };
}

export function recordConsent(context: model.Context): model.RecordConsentInput {
  return { operation: context.operation, key: need(context.key, 'key'), document: need(context.document, 'document') };
}

export function verifyFinger(context: model.Context): model.VerifyFingerInput {
  return { operation: context.operation, key: need(context.key, 'key'), intent: need(context.intent, 'intent') };
}

/** The PIN goes from the event to the actor and is kept nowhere; a reader with its own pad gets none. */
export function sign(context: model.Context, event: model.VisitEvent): model.SignInput {
  return {
    operation: context.operation,
    tokenId: need(context.tokenId, 'token'),
    key: need(context.key, 'key'),
    intent: need(context.intent, 'intent'),
    pin: event.type === 'pin' ? event.pin : undefined,
  };
}

export function check(context: model.Context): model.CheckInput {
  return {
    operation: context.operation,
    document: need(context.document, 'document'),
    intent: need(context.intent, 'intent'),
    signature: need(context.signature, 'signature'),
  };
}

export function save(context: model.Context): model.SaveInput {
  return {
    operation: context.operation,
    document: need(context.document, 'document'),
    key: need(context.key, 'key'),
    intent: need(context.intent, 'intent'),
    staged: need(context.staged, 'staged output'),
  };
}

export function recordProblem(context: model.Context): model.RecordProblemInput {
  return {
    operation: context.operation,
    problem: need(context.problem, 'problem'),
    intent: context.intent,
    fingerMatched: context.fingerMatched,
    tokenGone: tokenGone(context) && !context.tokenOutRecorded,
  };
}
