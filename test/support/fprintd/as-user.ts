/**
 * One question to fprintd by a process of another user: `node --import tsx as-user.ts ADDRESS`. It lists the fingers of nobody in particular, takes the
 * reader for them and lets go of it, and prints as JSON how that ended.
 */
import { isDeviceError } from '../../../drivers/errors.ts';
import { openReader } from './reader-at.ts';

const user = 'c0000000000000000000000000000003';
const { source, reader } = await openReader({ address: process.argv[2] ?? '' });
const ended = async (ask: () => Promise<unknown>): Promise<string> => {
  try {
    await ask();
    return 'allowed';
  } catch (error) {
    return isDeviceError(error) ? `${error.code} ${String(error.origin?.value)}` : String(error);
  }
};
const list = await ended(() => reader.fingers(user));
const take = await ended(() => reader.remove({ user, finger: 'left-thumb' }));
process.stdout.write(JSON.stringify({ uid: process.getuid?.(), readers: source.readers().length, list, take }));
await source.close();
