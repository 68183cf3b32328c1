/** Versions of what a station stands on, and whether its native addons load. */
import { readFile } from 'node:fs/promises';
import { arch, platform, release } from 'node:os';
import { join } from 'node:path';
import { version } from '../../version.ts';
import { type Answer, ask, askNode, reasonOf } from './ask.ts';
import { padCheck } from './pads.ts';
import type { Check, Finding, Place } from './report.ts';

const section = 'Versions';
/** Also found by users whose PATH leaves the system's programs out. */
const systemPath = (env: Place['env']): Record<string, string | undefined> => ({ ...env, PATH: `${env['PATH'] ?? ''}:/usr/sbin:/sbin` });

interface Program {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly finding: Finding;
  readonly install: string;
}

const programs: readonly Program[] = [
  { name: 'OpenSC', command: 'opensc-tool', args: ['--info'], finding: 'warning', install: 'opensc' },
  { name: 'pcscd', command: 'pcscd', args: ['--version'], finding: 'missing', install: 'pcscd' },
  { name: 'SoftHSM', command: 'softhsm2-util', args: ['--version'], finding: 'note', install: 'softhsm2' },
  { name: 'Chromium', command: 'chromium', args: ['--version'], finding: 'warning', install: 'chromium' },
];

const addons: readonly { readonly name: string; readonly script: string }[] = [
  {
    name: 'sqlite3',
    script:
      "new (require('sqlite3').Database)(':memory:').get('select sqlite_version() as v', (error, row) => { if (error) throw error; console.log('SQLite ' + row.v) })",
  },
  { name: 'pkcs11js', script: "new (require('pkcs11js').PKCS11)(); console.log('loads')" },
  { name: 'node-hid', script: "require('node-hid').devices(); console.log('loads')" },
  { name: 'usb', script: "require('usb').getDeviceList(); console.log('loads')" },
];

export async function versions(place: Place): Promise<Check[]> {
  return [
    { section, name: 'Countersign', finding: 'ok', found: version },
    nodeCheck(process.versions.node),
    await systemCheck(place),
    ...(await Promise.all(addons.map((addon) => addonCheck(addon, place)))),
    await padCheck(place),
    ...(await Promise.all(programs.map((program) => programCheck(program, place)))),
  ];
}

/** Node 20.19 is the oldest that package.json allows. */
export function nodeCheck(found: string): Check {
  const [major = 0, minor = 0] = found.split('.').map(Number);
  const good = major > 20 || (major === 20 && minor >= 19);
  return {
    section,
    name: 'Node',
    found,
    ...(good ? { finding: 'ok' } : { finding: 'missing', mend: 'install Node 20.19 or newer, see https://nodejs.org' }),
  };
}

async function systemCheck({ root }: Place): Promise<Check> {
  const text = await readFile(join(root, 'etc/os-release'), 'utf8').catch(() => '');
  const pretty = /^PRETTY_NAME="?([^"\n]*)"?$/m.exec(text)?.[1] ?? 'unknown system';
  const found = `${pretty}, ${platform()} ${release()}, ${arch()}`;
  const debian = /^ID(?:_LIKE)?=.*debian/m.test(text);
  return {
    section,
    name: 'System',
    found,
    finding: debian ? 'ok' : 'warning',
    ...(debian ? {} : { mend: 'the station is made for Debian 12 or newer' }),
  };
}

async function addonCheck({ name, script }: { name: string; script: string }, { ms }: Place): Promise<Check> {
  const answer = await askNode(script, [], { ms });
  if (answer.kind === 'said') return { section, name, finding: 'ok', found: lastLine(answer.text) };
  return { section, name, finding: 'missing', found: `does not load: ${reasonOf(answer)}`, mend: 'npm run setup' };
}

async function programCheck({ name, command, args, finding, install }: Program, place: Place): Promise<Check> {
  const answer: Answer = await ask(command, args, { env: systemPath(place.env), ms: place.ms });
  if (answer.kind === 'said') return { section, name, finding: 'ok', found: versionLine(answer.text) };
  return { section, name, finding, found: reasonOf(answer), mend: `sudo apt-get install -y --no-install-recommends ${install}` };
}

/** The first line with a version in it: wrappers print warnings of their own before it. */
function versionLine(text: string): string {
  const lines = text.split('\n');
  return (lines.find((line) => /\d\.\d/.test(line)) ?? lines[0] ?? '').trim();
}

function lastLine(text: string): string {
  return text.split('\n').at(-1) ?? '';
}
