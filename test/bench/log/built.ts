/** The log as it is built, which is what a station runs; the sources through a loader would be slower than what is measured. */
import type * as verifyCommand from '../../../agent/commands/log-verify.ts';
import type * as anchor from '../../../agent/log/anchor.ts';
import type * as appender from '../../../agent/log/appender.ts';
import type * as checkpoint from '../../../agent/log/checkpoint.ts';
import type * as database from '../../../agent/log/database.ts';
import type * as events from '../../../agent/log/events.ts';
import type * as layout from '../../../agent/log/layout.ts';
import type * as newStore from '../../../agent/log/new-store.ts';
import type * as noteKey from '../../../agent/log/note-key.ts';
import type * as proof from '../../../agent/log/proof.ts';
import type * as record from '../../../agent/log/record.ts';
import type * as schema from '../../../agent/log/schema.ts';
import type * as store from '../../../agent/log/store.ts';
import type * as tree from '../../../agent/log/tree.ts';
import type * as version from '../../../agent/version.ts';

async function built<T>(name: string): Promise<T> {
  return (await import(new URL(`../../../dist/agent/${name}.js`, import.meta.url).href)) as T;
}

export const log = {
  ...(await built<typeof anchor>('log/anchor')),
  ...(await built<typeof appender>('log/appender')),
  ...(await built<typeof checkpoint>('log/checkpoint')),
  ...(await built<typeof database>('log/database')),
  ...(await built<typeof events>('log/events')),
  ...(await built<typeof layout>('log/layout')),
  ...(await built<typeof noteKey>('log/note-key')),
  ...(await built<typeof newStore>('log/new-store')),
  ...(await built<typeof proof>('log/proof')),
  ...(await built<typeof record>('log/record')),
  ...(await built<typeof schema>('log/schema')),
  ...(await built<typeof store>('log/store')),
  ...(await built<typeof tree>('log/tree')),
  ...(await built<typeof verifyCommand>('commands/log-verify')),
  ...(await built<typeof version>('version')),
};
