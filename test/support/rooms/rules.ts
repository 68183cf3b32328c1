/**
 * The rules of the house as functions over sources: who may import whom, which file alone may touch a native package, how large a file may
 * be, what it may be called. Nothing here reads a disk, so that each rule can be shown to refuse what it is there to refuse.
 */
import { basename, dirname } from 'node:path/posix';
import { type Import, type Source, importsOf } from './imports.ts';

export interface Finding {
  readonly rule: 'arrow' | 'narrow' | 'package' | 'verifier' | 'name' | 'size' | 'cycle';
  readonly path: string;
  readonly message: string;
}

interface Read extends Source {
  readonly imports: readonly Import[];
}

const ground = ['agent/contract', 'agent/log', 'agent/documents', 'drivers'] as const;
const middle = [...ground, 'agent/people', 'agent/records'] as const;
/** What every part of the program that a person starts may know: its settings, its version, its refusals. */
const plain = ['agent/config.ts', 'agent/config-fingerprint.ts', 'agent/config-staff.ts', 'agent/refusals.ts', 'agent/version.ts'] as const;
const wiring = [
  ...middle,
  ...plain,
  'agent/log-token',
  'agent/signing',
  'agent/http',
  'agent/hardware.ts',
  'agent/opening.ts',
  'agent/station.ts',
  'agent/new-log-key.ts',
  'agent/accepted-readers.ts',
] as const;

/** Every room, and the rooms that it may import besides itself. Who is not in a list may not be imported. */
const mayImport = {
  drivers: [],
  'agent/contract': [],
  'agent/log': ['agent/contract'],
  'agent/documents': ['agent/contract'],
  'agent/people': ground,
  'agent/records': [...ground, 'agent/people'],
  'agent/signing': middle,
  'agent/http': [...middle, 'agent/signing'],
  'agent/refusals.ts': [],
  'agent/version.ts': [],
  'agent/config-documents.ts': ['agent/contract'],
  'agent/config-fingerprint.ts': [],
  'agent/config-staff.ts': [],
  'agent/config.ts': [
    'agent/config-documents.ts',
    'agent/config-fingerprint.ts',
    'agent/config-staff.ts',
    'agent/contract',
    'drivers',
    'agent/refusals.ts',
  ],
  'agent/accepted-readers.ts': [...middle, ...plain],
  'agent/log-token': ['agent/log', 'drivers'],
  'agent/new-log-key.ts': ['agent/config.ts', 'agent/log', 'agent/log-token', 'agent/refusals.ts'],
  'agent/station.ts': [...ground, ...plain, 'agent/log-token', 'agent/new-log-key.ts'],
  'agent/opening.ts': [...middle, ...plain, 'agent/log-token'],
  'agent/hardware.ts': [...ground, ...plain, 'agent/http', 'agent/workbench'],
  'agent/workbench': wiring,
  'agent/main.ts': wiring,
  'agent/commands': [...wiring, 'agent/main.ts', 'agent/workbench'],
  'agent/cli.ts': [...plain, 'agent/contract', 'agent/main.ts', 'agent/commands'],
  kiosk: ['agent/contract'],
  scripts: [],
} as const satisfies Record<string, readonly string[]>;

type Room = keyof typeof mayImport;
const rooms = Object.keys(mayImport) as Room[];

/** Arrows that are narrower than the list: types alone, or loaded only when that line is reached, so that a real station never loads it. */
const narrow: readonly { readonly from: Room; readonly to: Room; readonly how: Import['how'] }[] = [
  { from: 'agent/http', to: 'agent/signing', how: 'type' },
  { from: 'agent/hardware.ts', to: 'agent/http', how: 'type' },
  { from: 'agent/hardware.ts', to: 'agent/workbench', how: 'later' },
  { from: 'agent/workbench', to: 'agent/hardware.ts', how: 'type' },
];

/** Native packages, each with the one place that may touch it. */
const natives: readonly { readonly name: string; readonly where: RegExp; readonly home: string }[] = [
  { name: 'sqlite3', where: /^agent\/log\/database\.ts$/, home: 'agent/log/database.ts' },
  { name: 'pkcs11js', where: /^drivers\/pkcs11\/[^/]+\.ts$/, home: 'one file of drivers/pkcs11' },
  { name: 'dbus-native', where: /^drivers\/fprintd\/bus\.ts$/, home: 'drivers/fprintd/bus.ts' },
  { name: 'node-hid', where: /^drivers\/fido\/hidraw\.ts$/, home: 'drivers/fido/hidraw.ts' },
  { name: 'usb', where: /^drivers\/usb\/hotplug\.ts$/, home: 'drivers/usb/hotplug.ts' },
];

const longest = 300;
const emptyNames = new Set(['util', 'utils', 'helper', 'helpers', 'common', 'misc', 'index.ts']);

/** The room that a file stands in, or undefined for tests, fixtures and the configuration of tools. */
function roomOf(path: string): Room | undefined {
  return rooms.find((room) => path === room || path.startsWith(`${room}/`));
}

/** Everything in which `sources` break the rules of the house. Throws when a file cannot be parsed. */
export function checkRooms(sources: readonly Source[]): Finding[] {
  const read = sources.map((source) => ({ ...source, imports: importsOf(source) }));
  return [...arrows(read), ...nativePackages(read), ...verifier(read), ...names(sources), ...sizes(sources), ...cycles(read)];
}

function arrows(read: readonly Read[]): Finding[] {
  return read.flatMap(({ path, imports }): Finding[] => {
    const from = roomOf(path);
    if (from === undefined) return outside(path) ? [] : [{ rule: 'arrow', path, message: 'stands in no room' }];
    const allowed: readonly string[] = mayImport[from];
    return imports.flatMap((one): Finding[] => {
      if (!one.ours) return [];
      const to = roomOf(one.target);
      // package.json is data that everybody may read.
      if (to === from || one.target === 'package.json') return [];
      if (to === undefined || !allowed.includes(to)) return [{ rule: 'arrow', path, message: `${from} must not import ${one.target}` }];
      const rule = narrow.find((other) => other.from === from && other.to === to);
      if (rule === undefined || rule.how === one.how) return [];
      const way = rule.how === 'type' ? 'types alone' : 'by import() alone';
      return [{ rule: 'narrow', path, message: `${from} may import ${one.target} ${way}` }];
    });
  });
}

/** Tests, fixtures and the configuration of tools: outside the house. */
function outside(path: string): boolean {
  return /^(?:test|fixtures)\//.test(path) || !path.includes('/');
}

function nativePackages(read: readonly Read[]): Finding[] {
  const ours = read.filter(({ path }) => roomOf(path) !== undefined);
  return natives.flatMap(({ name, where, home }): Finding[] => {
    const touching = ours.filter(({ imports }) => imports.some((one) => !one.ours && one.how !== 'type' && isPackage(one.target, name)));
    const astray = touching.filter(({ path }) => !where.test(path));
    const found = astray.map(({ path }): Finding => ({ rule: 'package', path, message: `only ${home} may import ${name}` }));
    const atHome = touching.length - astray.length;
    if (atHome !== 1)
      found.push({ rule: 'package', path: home, message: `${name} is imported by ${atHome} files of its home instead of one` });
    return found;
  });
}

function isPackage(specifier: string, name: string): boolean {
  return specifier === name || specifier.startsWith(`${name}/`);
}

/** The second implementation of the log's rules shares no code with the first. */
function verifier(read: readonly Read[]): Finding[] {
  return read
    .filter(({ path }) => path === 'agent/log/verify.ts' || path.startsWith('agent/log/verify/'))
    .flatMap(({ path, imports }) =>
      imports
        .filter((one) => one.ours && one.target.startsWith('agent/log/') && !one.target.startsWith('agent/log/verify/'))
        .map((one): Finding => ({ rule: 'verifier', path, message: `the verifier must not import ${one.target}` })),
    );
}

function names(sources: readonly Source[]): Finding[] {
  return sources.flatMap(({ path }): Finding[] => {
    const empty = path.split('/').find((part) => emptyNames.has(part) || emptyNames.has(part.replace(/\..*$/, '')));
    return empty === undefined ? [] : [{ rule: 'name', path, message: `"${empty}" says nothing about what is inside` }];
  });
}

function sizes(sources: readonly Source[]): Finding[] {
  return sources.flatMap(({ path, text }): Finding[] => {
    const lines = text.replace(/\n$/, '').split('\n').length;
    return lines <= longest ? [] : [{ rule: 'size', path, message: `${basename(path)} has ${lines} lines, more than ${longest}` }];
  });
}

/** A file that stands directly in agent, drivers or kiosk is a folder of its own: contracts below, wiring above. */
function folderOf(path: string): string {
  const folder = dirname(path);
  return folder.includes('/') ? folder : path;
}

/** The one seam where the upper side is loaded by the lower one, behind an interface that the lower one owns. */
function isPlug(path: string, { target, how }: Import): boolean {
  return how === 'later' && narrow.some((rule) => rule.how === 'later' && rule.from === roomOf(path) && rule.to === roomOf(target));
}

function cycles(read: readonly Read[]): Finding[] {
  const arrowsOut = new Map<string, Set<string>>();
  for (const { path, imports } of read) {
    if (roomOf(path) === undefined) continue;
    const from = folderOf(path);
    const out = arrowsOut.get(from) ?? new Set<string>();
    arrowsOut.set(from, out);
    for (const one of imports) if (one.ours && folderOf(one.target) !== from && !isPlug(path, one)) out.add(folderOf(one.target));
  }
  const found: Finding[] = [];
  const done = new Set<string>();
  const walk = (folder: string, way: readonly string[]): void => {
    const at = way.indexOf(folder);
    if (at >= 0) found.push({ rule: 'cycle', path: folder, message: [...way.slice(at), folder].join(' -> ') });
    if (at >= 0 || done.has(folder)) return;
    for (const next of arrowsOut.get(folder) ?? []) walk(next, [...way, folder]);
    done.add(folder);
  };
  for (const folder of [...arrowsOut.keys()].sort()) walk(folder, []);
  return found;
}
