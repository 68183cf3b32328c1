/**
 * A statement at the terminal, from the card to the entry: who it is, whether they may, what will be signed, their consent, their PIN once, and the
 * signature, which is verified twice before the entry is made. It never signs what was not shown, and enters nothing that was not signed.
 */
import { isDeviceError } from '../../drivers/errors.ts';
import { chooseHash } from '../documents/pades.ts';
import type { LogEntry } from '../log/entry.ts';
import type { EventOf } from '../log/events.ts';
import { type SignedStatement, type Statement, statementBytes, statementHolds, type StatementOp } from '../log/statement.ts';
import type { Denial, Person } from '../people/confirmation.ts';
import { StartRefused } from '../refusals.ts';
import type { CommandIo } from './io.ts';
import { askLine, readPin, somebodyIsThere, yes } from './keyboard.ts';
import { sentence } from './log-sentences.ts';
import { problemSentence } from './tell.ts';
import { candidateLine } from './token-test/candidate.ts';
import { reachToken, refusedPin, secondOpinion, tellPad } from './token-test/reach.ts';
import type { Desk, SigningValues } from './statement-desk.ts';
import { type PersonAtDesk, personAtDesk, StatementDenied } from './statement-person.ts';

/** A statement without what says who signs it, and where in the log. */
export type Draft = {
  [O in StatementOp]: Omit<EventOf<O>, 'actor' | 'seen' | 'certificate_sha256' | 'public_key' | 'scheme' | 'hash' | 'signature'>;
}[StatementOp];

export interface StatementOrder {
  readonly draft: Draft;
  /** Number of the entry that is decided on. */
  readonly entry?: number;
  /** Why this person may not. */
  readonly deny: (person: Person) => Denial | undefined;
  /** What the person should know before they agree, besides what is entered. */
  readonly notes: readonly string[];
  /** Runs when the statement is signed, before it is entered. */
  readonly beforeEntry?: () => Promise<void>;
}

/** Enters one statement, or says why not; a refusal has an entry of its own. Gives the exit code. Throws StartRefused when there is no card to ask. */
export async function enterStatement(desk: Desk, order: StatementOrder, values: SigningValues, io: CommandIo): Promise<number> {
  if (!values.yes && !somebodyIsThere()) throw new StartRefused('A statement needs the consent of its author: use a terminal, or --yes.');
  try {
    const who = await personAtDesk(desk, values.certificate, io);
    mustBeAllowed(desk, order, who);
    tellPlan(desk, order, who, io);
    if (!(await mayGoOn(who, values, io))) return 1;
    const entry = await signAndEnter(desk, order, who, values, io);
    if (entry === undefined) return 1;
    io.out(`Entered: entry ${entry.seq} of the log. ${sentence(entry.event)}`);
    return 0;
  } catch (error) {
    if (!(error instanceof StatementDenied)) throw error;
    const target = order.entry === undefined ? {} : { entry: order.entry };
    const { seq } = await desk.log.append({ op: 'statement-refused', statement: order.draft.op, ...target, ...error.refused });
    io.err(`${error.message} Entry ${seq} of the log says so.`);
    return 1;
  }
}

const denials: Readonly<Record<Denial, string>> = {
  role: 'may not do this in that role',
  'own-entry': 'cannot be the second person here: this was asked for by the same person, with the same card or with the same key',
  'own-person': 'cannot vouch here: nobody vouches for themselves, and this certificate or its key is their own',
  confirmed: 'comes too late: this was confirmed already',
  rejected: 'comes too late: this was rejected already',
  used: 'comes too late: this was confirmed and done already',
  lapsed: 'comes too late: this waited for a second person too long and has lapsed',
};

function mustBeAllowed({ asked }: Desk, { deny }: StatementOrder, { person, actor }: PersonAtDesk): void {
  const denial = deny(person);
  const owner = asked.ownerOf(person) ?? person.id;
  const isOwn = denial === 'own-entry' || denial === 'own-person';
  if (!isOwn && owner !== person.id)
    throw new StatementDenied(`${person.id} cannot sign here: another person has signed with this card or its key before: ${owner}.`, {
      actor,
      reason: 'other-person',
      certificate_sha256: person.certificateSha256,
    });
  if (denial === undefined) return;
  const text = `${person.id} (${person.role}) ${denials[denial]}.`;
  if (denial !== 'role' && !isOwn) throw new StartRefused(text, 1);
  throw new StatementDenied(text, { actor, reason: denial, certificate_sha256: person.certificateSha256 });
}

function unsigned(desk: Desk, { draft }: StatementOrder, { actor, person, candidate }: PersonAtDesk): Statement {
  const { seq, leaf } = desk.log.last();
  const { certificate, schemes } = candidate.key;
  const [scheme] = schemes;
  if (scheme === undefined) throw new StartRefused('The key on this token cannot sign here.', 1);
  const by = { certificate_sha256: person.certificateSha256, public_key: person.publicKey, scheme, hash: chooseHash(certificate) };
  return { ...draft, actor, seen: { entry: seq, leaf }, ...by };
}

/** Everything that will be signed, before anybody agrees to it. */
function tellPlan(desk: Desk, order: StatementOrder, who: PersonAtDesk, io: CommandIo): void {
  const { candidate, actor } = who;
  const words = sentence({ ...unsigned(desk, order, who), signature: '' });
  io.err(
    [
      `You         ${actor.id}, ${actor.role}`,
      `Certificate ${candidateLine(candidate)}`,
      '',
      'You will sign, and it will stand in the operation log for good:',
      `    ${words}`,
      ...order.notes.map((note) => `    ${note}`),
      candidate.pin.protectedPath
        ? 'The PIN is typed on the reader, once.'
        : 'The PIN is asked for once. A wrong one is not tried again, and the token counts it.',
      '',
    ].join('\n'),
  );
}

async function mayGoOn({ candidate: { pin } }: PersonAtDesk, given: SigningValues, io: CommandIo): Promise<boolean> {
  const refuse = (text: string): false => {
    io.err(text);
    return false;
  };
  if (pin.state === 'locked') return refuse('The PIN of this token is locked. It was not asked to sign.');
  if (!given.yes && !yes(await askLine('Sign this? Type yes: '))) return refuse('Nothing was done.');
  if (pin.state !== 'last-try' || given['last-try']) return true;
  if (!somebodyIsThere()) return refuse('One more wrong PIN locks this token. Nothing was done; --last-try agrees to the risk.');
  io.err('One more wrong PIN locks this token.');
  return (await askLine('Go on all the same? Type last try: ')).trim().toLowerCase() === 'last try' || refuse('Nothing was done.');
}

/** Undefined when the person gave no PIN. Throws StatementDenied when the token did not sign. */
async function signAndEnter(
  desk: Desk,
  order: StatementOrder,
  who: PersonAtDesk,
  { yes: piped }: SigningValues,
  io: CommandIo,
): Promise<LogEntry | undefined> {
  const { candidate, actor, person } = who;
  const { certificate, certificateSha256 } = candidate.key;
  const { log } = desk;
  try {
    return await reachToken(candidate, desk.env, async ({ source, tokenId, pin }) => {
      const secret = pin.protectedPath ? undefined : await readPin('PIN: ', piped);
      if (secret === undefined && !pin.protectedPath) {
        io.err('Given up: the token was not asked to sign.');
        return undefined;
      }
      const statement = unsigned(desk, order, who);
      const { scheme, hash } = statement;
      const message = statementBytes(log.origin, statement);
      const made = await source.sign(
        { tokenId, certificateSha256, scheme, hash, message },
        secret,
        tellPad((line) => io.err(line)),
      );
      const opinion = secondOpinion(certificate, scheme, hash, message, made);
      const signature = Buffer.from(opinion?.encoded ?? made).toString('hex');
      const signed = { ...statement, signature } as SignedStatement;
      if (opinion?.holds !== true || !statementHolds(log.origin, signed))
        throw denied(person, actor, 'The signature of this token does not hold when it is verified a second time.', 'device-error');
      await order.beforeEntry?.();
      return log.append(signed);
    });
  } catch (error) {
    if (!isDeviceError(error)) throw error;
    for (const event of refusedPin(error, actor)) await log.append(event);
    const tries = error.triesLeft === undefined ? '' : ` Tries left: ${error.triesLeft}.`;
    // A signature that nobody has and no entry names is worth nothing: it is tied to this place of this log.
    throw denied(person, actor, `${problemSentence(error.code)}${tries} Nothing was entered.`, error.code, error);
  }
}

function denied(
  person: Person,
  actor: PersonAtDesk['actor'],
  text: string,
  problem: NonNullable<StatementDenied['refused']['problem']>,
  cause?: unknown,
): StatementDenied {
  return new StatementDenied(text, { actor, reason: 'token', certificate_sha256: person.certificateSha256, problem }, cause);
}
