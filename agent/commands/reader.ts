/** `countersign reader`: what an enrolment officer does with the fingerprint key of a holder after the enrolment. Its PIN is opened, used and forgotten here. */
import { acceptedReaders } from '../accepted-readers.ts';
import { readConfig, stationPaths } from '../config.ts';
import { openReaderHardware } from '../hardware.ts';
import { StartRefused } from '../refusals.ts';
import { type Command, command, WrongUsage } from './arguments.ts';
import { interruptible } from './interruption.ts';
import type { CommandIo } from './io.ts';
import { askLine, somebodyIsThere } from './keyboard.ts';
import { whyAlone } from './log-unsealed.ts';
import { type FingerOrder, tendFingers } from './reader-fingers.ts';
import { readNamed } from './reader-kept-pin.ts';
import { renew } from './reader-new-pin.ts';
import { meaning, resetKey } from './reader-reset.ts';
import { showKey } from './reader-show.ts';
import { withKey, withPluggedIn } from './reader-with-key.ts';
import { parseStaff, staffCredential } from './staff-key.ts';
import { withLog } from './staff-session.ts';

const help = `countersign reader show [--data DIR]
countersign reader fingers|unlock|new-pin --certificate SHA256 --staff ID [options]
countersign reader add NAME --certificate SHA256 --staff ID [options]
countersign reader rename ID NAME --certificate SHA256 --staff ID [options]
countersign reader remove ID --certificate SHA256 --staff ID [options]
countersign reader reset [--yes] [--data DIR]

Looks after the one fingerprint key that is plugged in. "show" says what it is like. "fingers" lists its fingers, with the ids by which "rename" and
"remove" know them; "add" enrols another one, of its holder, who is present. "unlock" gives back the tries of a finger after too many wrong ones;
"new-pin" gives the key another random PIN. All of these but "show" open the PIN that is sealed in the log, which supervisors and auditors may; the
PIN is never shown. "reset" makes the key as it came from the factory; it needs no PIN, deletes everything on the key, and asks first.

  --data DIR            folder of the station (default: ./station)
  --certificate SHA256  whose key it is: the certificate of its holder, or the first 8 digits or more; its newest PIN is taken
  --entry N             the PIN of this entry instead. Only one is tried: a wrong one costs a try, and after eight the key takes none any more
  --staff ID            who opens the PIN, by their pseudonym
  --identity FILE       the age identity that opens their keys; otherwise it is their passphrase, which is the systemd credential
                        ${staffCredential('ID')}, or is asked at the terminal
  --last-try            also where the key has one try of its PIN left
  --yes                 reset: the person has agreed already
  --help

The agent must not run, but for "show": each opening of a PIN and each change to a key is an entry.

Exit codes: 0 done, 1 refused, or the key did not do it (the sentence says why), 2 cannot be read or written.`;

/** The words behind each verb. */
const wordsOf: Readonly<Record<string, number>> = { show: 0, fingers: 0, unlock: 0, 'new-pin': 0, add: 1, rename: 2, remove: 1, reset: 0 };

/** The command over devices of one's own and another way to stop it, where those of the station are not meant. */
export function readerWith(open: typeof openReaderHardware, stoppable: typeof interruptible): Command {
  return command(
    {
      name: 'reader',
      help,
      options: {
        data: { type: 'string', default: './station' },
        certificate: { type: 'string' },
        entry: { type: 'string' },
        staff: { type: 'string' },
        identity: { type: 'string' },
        'last-try': { type: 'boolean', default: false },
        yes: { type: 'boolean', default: false },
      },
      takesWords: true,
    },
    async ({ values, words: [verb = '', ...given] }, io) => {
      const { data, certificate, entry, staff, identity, 'last-try': lastTry, yes } = values;
      if (!Object.hasOwn(wordsOf, verb))
        throw new WrongUsage(verb === '' ? 'Say what to do.' : `countersign reader does not know "${verb}".`);
      if (given.length !== wordsOf[verb]) throw new WrongUsage(`countersign reader ${verb} takes ${wordsOf[verb] ?? 0} words more.`);
      if (yes && verb !== 'reset') throw new WrongUsage('--yes goes with reset.');
      if (verb === 'show' || verb === 'reset') {
        if ([certificate, entry, staff, identity].some((value) => value !== undefined) || lastTry)
          throw new WrongUsage(
            `countersign reader ${verb} needs no PIN: --certificate, --entry, --staff, --identity and --last-try go with the others.`,
          );
        return verb === 'show' ? show(data, io) : reset(data, yes, io);
      }
      if (staff === undefined) throw new WrongUsage('Say who opens the PIN: --staff ID.');
      const order = { data, staff: parseStaff(staff), identity, named: readNamed(certificate, entry), lastTry };
      const fingers = verb === 'new-pin' ? undefined : fingerOrder(verb, given);
      await withKey(order, open, io, (key) =>
        stoppable((signal) => (fingers === undefined ? renew(key, io) : tendFingers(key, fingers, io, signal))),
      );
      return 0;
    },
  );

  async function show(data: string, io: CommandIo): Promise<number> {
    const config = await readConfig(data);
    const paths = stationPaths(data, config);
    const accepted = await acceptedReaders(paths.readers, config);
    await withPluggedIn(open(config, paths), io, (keys) => showKey(keys, accepted, io));
    return 0;
  }

  async function reset(data: string, agreed: boolean, io: CommandIo): Promise<number> {
    io.err(meaning);
    if (!agreed) {
      if (!somebodyIsThere()) throw new StartRefused('A reset needs consent: use a terminal, or --yes.');
      if ((await askLine('Reset the key? Type reset: ')).trim().toLowerCase() !== 'reset') throw new StartRefused('Nothing was done.', 1);
    }
    const config = await readConfig(data);
    return withLog(data, whyAlone, async (log) => {
      const hardware = await open(config, stationPaths(data, config));
      try {
        await stoppable((signal) => resetKey(hardware, log, io, signal));
        return 0;
      } finally {
        await hardware.close();
      }
    });
  }
}

/** Throws WrongUsage for an id that is none. */
function fingerOrder(verb: string, [first = '', second = '']: readonly string[]): FingerOrder {
  if (verb === 'fingers' || verb === 'unlock') return { verb };
  const names = verb === 'add' ? [first] : verb === 'rename' ? [second] : [];
  if (names.includes('')) throw new WrongUsage('A finger needs a name.');
  if (verb === 'add') return { verb, name: first };
  if (!/^(?:[0-9a-f]{2})+$/.test(first))
    throw new WrongUsage(`"${first}" is not the id of a finger, which countersign reader fingers lists.`);
  return verb === 'rename' ? { verb, id: first, name: second } : { verb: 'remove', id: first };
}

export const reader = readerWith(openReaderHardware, interruptible);
