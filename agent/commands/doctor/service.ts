/** The service behind the card readers: whether pcscd is installed, runs, answers, and lets this user in. It speaks to its socket and to nothing else. */
import { existsSync } from 'node:fs';
import { readFile, readdir } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { ask } from './ask.ts';
import type { Check, Place } from './report.ts';

/**
 * How it answered. `hung-up`: it took the call and ended it before the first word, which is how pcscd turns away whom polkit does not
 * let in (pcsc-lite, ContextThread); a library behind it then reports SCARD_W_SECURITY_VIOLATION, 0x8010006A.
 */
export type ServiceState = 'answers' | 'hung-up' | 'silent' | 'no-socket' | 'nobody-listens' | 'no-permission';

export interface CardService {
  readonly state: ServiceState;
  /** Version of its protocol, when it answers. */
  readonly protocol?: string;
  /** True when a process called pcscd runs. With socket activation none needs to. */
  readonly runs: boolean;
  readonly installed: boolean;
  /** Whether this pcscd asks polkit who may use it; undefined when it does not say. */
  readonly polkit?: boolean;
}

/** Places of the daemon; users often have no sbin in their PATH. */
const daemons = ['usr/sbin/pcscd', 'usr/local/sbin/pcscd', 'sbin/pcscd'];
const install = 'sudo apt-get install -y --no-install-recommends pcscd libccid';

export async function askCardService(place: Place): Promise<CardService> {
  const path = place.env['PCSCLITE_CSOCK_NAME'] ?? join(place.root, 'run/pcscd/pcscd.comm');
  const [answer, runs, build] = await Promise.all([firstWords(path, place.ms), pcscdRuns(place), buildOf(place)]);
  return { ...answer, runs, ...build };
}

/** What was found, and how to mend it. */
export function serviceCheck(place: Place, service: CardService): Check {
  const common = { section: 'Cards', name: 'card service' } as const;
  const runs = service.runs ? 'pcscd runs' : 'pcscd does not run';
  const start = existsSync(join(place.root, 'run/systemd/system')) ? 'sudo systemctl enable --now pcscd.socket' : 'sudo pcscd';
  switch (service.state) {
    case 'answers':
      return {
        ...common,
        finding: 'ok',
        found: `${service.runs ? runs : 'pcscd'}, its socket answers (protocol ${service.protocol ?? '?'})`,
      };
    case 'no-socket':
      if (!service.installed && !service.runs)
        return { ...common, finding: 'missing', found: 'pcscd is not installed, there is no socket', mend: install };
      return {
        ...common,
        finding: 'missing',
        found: `pcscd is installed; ${runs}, there is no socket`,
        mend: start,
      };
    case 'nobody-listens':
      return { ...common, finding: 'missing', found: `${runs}, its socket was left behind by one that ended`, mend: start };
    case 'silent':
      return {
        ...common,
        finding: 'missing',
        found: `${runs}, its socket does not answer`,
        mend: 'sudo systemctl restart pcscd, or end it and start it anew',
      };
    case 'no-permission':
      return {
        ...common,
        finding: 'missing',
        found: `${runs}, this user may not open its socket`,
        mend: 'give the user of the station the right to use pcscd (the mode of its socket)',
      };
    case 'hung-up': {
      const why = service.polkit === false ? 'it hung up at the first word' : 'it turned this user away';
      const by = service.polkit === true ? ' (this pcscd asks polkit who may use it)' : '';
      const mend = service.polkit === false ? 'look at its log: sudo journalctl -u pcscd -n 20' : letIn;
      return { ...common, finding: 'missing', found: `${runs}, but ${why}${by}`, mend };
    }
  }
}

/** A rule for one user, and not for everybody: whoever may use the reader can spend the three tries of a PIN. */
const letIn =
  'let the user of the station in, and nobody else (put its name in place of STATION-USER): ' +
  `echo 'polkit.addRule(function(action, subject) { if ((action.id == "org.debian.pcsc-lite.access_pcsc" || action.id == "org.debian.pcsc-lite.access_card") ` +
  `&& subject.user == "STATION-USER") return polkit.Result.YES; });' | sudo tee /etc/polkit-1/rules.d/10-countersign.rules && sudo systemctl restart polkit pcscd`;

/**
 * What polkit says about cards, where pcscd asks it: there are two rights, for the service (access_pcsc) and for each card (access_card), and
 * who has the first may lack the second. Nothing where nobody asks polkit, or it cannot be asked without a person.
 */
export async function polkitChecks(place: Place, { polkit, state }: CardService): Promise<Check[]> {
  const common = { section: 'Cards', name: 'right to use cards' } as const;
  if (polkit !== true || state !== 'answers') return [];
  const answer = await ask('pkcheck', ['--action-id', 'org.debian.pcsc-lite.access_card', '--process', String(process.pid)], place);
  if (answer.kind === 'said') return [{ ...common, finding: 'ok', found: 'polkit lets this user use them' }];
  // pkcheck(1): 1 not authorized, 2 a person would have to log in for it, 3 the person did not want to; 126 and 127 say nothing.
  if (answer.kind === 'failed' && /^exit code [123]$/.test(answer.how))
    return [{ ...common, finding: 'missing', found: 'polkit does not let this user use them (access_card)', mend: letIn }];
  return [{ ...common, finding: 'note', found: 'this pcscd asks polkit, and polkit could not be asked here' }];
}

/**
 * Speaks the first sentence of pcsc-lite's protocol (winscard_msg.h: CMD_VERSION 0x11, three 32-bit numbers in the byte order of the machine).
 */
function firstWords(path: string, ms: number): Promise<Pick<CardService, 'state' | 'protocol'>> {
  return new Promise((resolve) => {
    const socket = connect(path);
    let answer = Buffer.alloc(0);
    let connected = false;
    const end = (state: ServiceState, protocol?: string): void => {
      socket.destroy();
      resolve({ state, ...(protocol === undefined ? {} : { protocol }) });
    };
    socket.setTimeout(ms, () => end('silent'));
    socket.once('error', (error: NodeJS.ErrnoException) => end(connected ? 'hung-up' : stateOf(error.code)));
    socket.once('end', () => end('hung-up'));
    socket.once('connect', () => {
      connected = true;
      socket.write(Buffer.from(new Uint32Array([12, 0x11, 4, 4, 0]).buffer));
    });
    socket.on('data', (bytes) => {
      answer = Buffer.concat([answer, bytes]);
      if (answer.length < 12) return;
      const [major = 0, minor = 0] = new Uint32Array(new Uint8Array(answer.subarray(0, 8)).buffer);
      end('answers', `${major}.${minor}`);
    });
  });
}

function stateOf(code: string | undefined): ServiceState {
  if (code === 'EACCES' || code === 'EPERM') return 'no-permission';
  return code === 'ECONNREFUSED' ? 'nobody-listens' : 'no-socket';
}

async function pcscdRuns({ root }: Place): Promise<boolean> {
  const pids = (await readdir(join(root, 'proc')).catch(() => [])).filter((name) => /^\d+$/.test(name));
  const names = await Promise.all(pids.map((pid) => readFile(join(root, 'proc', pid, 'comm'), 'utf8').catch(() => '')));
  return names.some((name) => name.trim() === 'pcscd');
}

/** `pcscd --version` lists what it was built with. Debian 12's 1.9.9 is built without polkit, newer ones with it. */
async function buildOf(place: Place): Promise<Pick<CardService, 'installed' | 'polkit'>> {
  const there = daemons.map((path) => join(place.root, path)).find((path) => existsSync(path));
  const answer = await ask(there ?? 'pcscd', ['--version'], place);
  const features = answer.kind === 'said' ? /^Enabled features:(.*)$/m.exec(answer.text)?.[1] : undefined;
  return {
    installed: there !== undefined || answer.kind !== 'not-there',
    ...(features === undefined ? {} : { polkit: / polkit\b/.test(features) }),
  };
}
