/** Statements of staff with real keys, signed over the newest entry of a store that is open, as the terminal makes them. */
import type { LogEntry } from '../../../agent/log/entry.ts';
import type { LogStore } from '../../../agent/log/store.ts';
import { type SignedStatement, type Statement, statementBytes, type StatementOp } from '../../../agent/log/statement.ts';
import { type Member, type Said, signAs } from './staff.ts';

/** Far behind any test. */
export const until = '2099-01-01T00:00:00.000Z';

/** What a member states of the log as it is now. */
export function statedIn<O extends StatementOp>(store: LogStore, member: Member, op: O, said: Said<O>): SignedStatement {
  const { id, role, scheme, hash, publicKey, certificate } = member;
  const { seq: entry, leaf } = store.last();
  const by = { seen: { entry, leaf }, certificate_sha256: certificate, public_key: publicKey, scheme, hash };
  const statement = { op, actor: { id, role }, ...said, ...by } as unknown as Statement;
  return { ...statement, signature: signAs(member, statementBytes(store.origin, statement)) };
}

/** Asks that a person is erased. */
export function askErasure(store: LogStore, member: Member, subject: string): Promise<LogEntry> {
  return store.append(statedIn(store, member, 'request', { action: 'erase', details: { subject }, until }));
}

/** Agrees to what stands in an entry. */
export function agree(store: LogStore, member: Member, { seq, leaf }: LogEntry): Promise<LogEntry> {
  return store.append(statedIn(store, member, 'confirm', { entry: seq, entry_leaf: leaf }));
}

/** Refuses it. */
export function refuse(store: LogStore, member: Member, { seq, leaf }: LogEntry): Promise<LogEntry> {
  return store.append(statedIn(store, member, 'reject', { entry: seq, entry_leaf: leaf, reason: 'not-so' }));
}
