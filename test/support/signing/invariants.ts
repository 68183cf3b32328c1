/** What must be true of the signing machine in every state that it rests in, whatever happened before. */
import { Secret } from '../../../drivers/secret.ts';
import type { PublicState } from '../../../agent/contract/state.ts';
import { publicState, type VisitSnapshot, visitState } from '../../../agent/signing/view.ts';
import { must, type Ledger } from './ledger.ts';
import { pinDigits } from './visit-facts.ts';

/** The screen says nothing while these write into the log what happened. */
const withheld: ReadonlySet<string> = new Set(['abandoning', 'failing']);
const afterIntent: ReadonlySet<string> = new Set(['touch-reader', 'last-try', 'enter-pin', 'signing']);

/** Throws Wrong with the first rule that does not hold. */
export function mustHold(snapshot: VisitSnapshot, ledger: Ledger): void {
  const state = visitState(snapshot);
  const { context } = snapshot;
  const shown = publicState(snapshot);
  must((shown === undefined) === withheld.has(state), `${state} ${shown === undefined ? 'shows nothing' : 'should show nothing'}`);
  must(!holdsSecret(context), 'the memory of the machine holds a PIN');
  const open = context.intents.map(({ entry }) => entry);
  must(state === 'outOfService' || String(open) === String(ledger.open), 'the machine and the log do not agree on the open intents');
  if (state === 'waitingForFinger') must(context.consent?.vouched === undefined, 'a finger is asked for that the holder did not agree to');
  if (state === 'takingVouch') must(context.consent?.vouched !== undefined, 'a vouch is taken that the holder did not agree to');
  must(context.results.length === ledger.done, 'a result without sign.done, or the other way round');
  must(new Set(context.shown.map(({ view }) => view.id)).size === context.shown.length, 'a document is there twice');
  if (shown === undefined) return;
  if (afterIntent.has(shown.screen)) must(ledger.open.length > 0, `${shown.screen} is shown without an intent in the log`);
  if (shown.screen === 'confirm' || afterIntent.has(shown.screen))
    must(context.shown.length === context.chosen.length, 'a document is agreed to that was not shown');
  if (shown.screen === 'signed') must(ledger.done === context.chosen.length, '"signed" is shown without sign.done for each document');
  if (shown.screen === 'trouble') troubleHolds(snapshot, shown);
  if ('outcome' in shown) outcomeHolds(shown.outcome, ledger);
}

function troubleHolds(snapshot: VisitSnapshot, { canContinue, problem }: Extract<PublicState, { screen: 'trouble' }>): void {
  must(canContinue === snapshot.can({ type: 'continue' }), `after ${problem} the screen offers to go on, and the machine does not take it`);
}

/** The screen says what the log says, or what the next start of the agent will find. */
function outcomeHolds(outcome: string, ledger: Ledger): void {
  const allSigned = ledger.done > 0 && ledger.failed === 0 && ledger.open.length === 0;
  must((outcome === 'signed') === allSigned, `the screen says ${outcome}, the log does not`);
  if (outcome === 'partly-signed') must(ledger.done > 0, 'the screen says that some documents were signed, the log does not');
  if (outcome === 'nothing-signed') must(ledger.done === 0, 'the screen says that nothing was signed, the log says otherwise');
  if (outcome === 'nothing-signed' || outcome === 'partly-signed')
    must(ledger.left !== 'after-finger', 'the screen says that nothing more was signed, and nobody can know that');
}

/** Objects that were looked into before. The memory of the machine is never changed in place, so they need no second look. */
const clean = new WeakSet();

/** True when a Secret, or the digits of the PIN in any form, stand anywhere in a value. */
function holdsSecret(value: unknown): boolean {
  if (typeof value === 'string') return value.includes(pinDigits);
  if (typeof value !== 'object' || value === null || clean.has(value)) return false;
  if (value instanceof Secret) return true;
  const found = value instanceof Uint8Array ? Buffer.from(value).includes(pinDigits) : Object.values(value).some(holdsSecret);
  if (!found) clean.add(value);
  return found;
}
