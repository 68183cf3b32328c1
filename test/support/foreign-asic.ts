/** Containers in the eyes of others: Info-ZIP, and Python's own ZIP, XML and hash modules; and containers that they make. None of them shares code with us. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What Python finds in a container. `signed` are the files of each manifest whose digests are right, by the signature that it names. */
export interface ForeignView {
  readonly names: readonly string[];
  readonly mimetype: string;
  /** `mimetype` is the first entry, stored, without an extra field. */
  readonly mimetypeFirst: boolean;
  readonly signed: Readonly<Record<string, readonly string[]>>;
  readonly wrong: readonly string[];
}

const look = `
import base64, hashlib, json, re, sys, urllib.parse, zipfile
import xml.etree.ElementTree as tree
asic, ds = '{http://uri.etsi.org/02918/v1.2.1#}', '{http://www.w3.org/2000/09/xmldsig#}'
box = zipfile.ZipFile(sys.argv[1])
assert box.testzip() is None
infos = box.infolist()
first = infos[0]
view = {'names': box.namelist(), 'mimetype': box.read('mimetype').decode(), 'signed': {}, 'wrong': [],
  'mimetypeFirst': first.filename == 'mimetype' and first.header_offset == 0 and first.compress_type == 0 and first.extra == b''
    and open(sys.argv[1], 'rb').read(38)[28:38] == b'\\0\\0mimetype'}
for name in box.namelist():
  if not re.match(r'META-INF/ASiCManifest.*[.]xml$', name): continue
  root = tree.fromstring(box.read(name))
  assert root.tag == asic + 'ASiCManifest'
  signed = view['signed'].setdefault(root.find(asic + 'SigReference').get('URI'), [])
  for ref in root.findall(asic + 'DataObjectReference'):
    path = urllib.parse.unquote(ref.get('URI'))
    hash = re.search(r'sha(256|384|512)$', ref.find(ds + 'DigestMethod').get('Algorithm')).group(0)
    right = path in box.namelist() and hashlib.new(hash, box.read(path)).digest() == base64.b64decode(ref.find(ds + 'DigestValue').text)
    (signed if right else view['wrong']).append(path)
print(json.dumps(view))
`;

function inFolder<T>(use: (path: (name: string) => string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-asic-'));
  try {
    return use((name) => join(folder, name));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Throws when Python cannot read the container. */
export function foreignView(container: Uint8Array): ForeignView {
  return inFolder((path) => {
    writeFileSync(path('container'), container);
    return JSON.parse(execFileSync('python3', ['-c', look, path('container')], { encoding: 'utf8' })) as ForeignView;
  });
}

/** Info-ZIP's verdict: `unzip -t` finds nothing wrong. */
export function unzipAccepts(container: Uint8Array): boolean {
  return inFolder((path) => {
    writeFileSync(path('container.zip'), container);
    return spawnSync('unzip', ['-t', path('container.zip')]).status === 0;
  });
}

/** The entries of a container as Python's zipfile gives them, in base64 by their names. */
export function foreignEntries(container: Uint8Array): Readonly<Record<string, string>> {
  return inFolder((path) => {
    writeFileSync(path('container'), container);
    const script = [
      'import base64, json, sys, zipfile',
      'box = zipfile.ZipFile(sys.argv[1])',
      'print(json.dumps({name: base64.b64encode(box.read(name)).decode() for name in box.namelist()}))',
    ];
    return JSON.parse(execFileSync('python3', ['-c', script.join('\n'), path('container')], { encoding: 'utf8' })) as Record<
      string,
      string
    >;
  });
}

/** Containers that Python scripts make, by their names, in one process: each script finds `zipfile` imported, and `out` as the path to write to. */
export function foreignContainers<Name extends string>(scripts: Readonly<Record<Name, string>>): Readonly<Record<Name, Uint8Array>> {
  return inFolder((path) => {
    const names = Object.keys(scripts) as Name[];
    const lines = names.map((name, index) => `out = sys.argv[1] + '/${index}'\n${scripts[name]}`);
    execFileSync('python3', ['-c', `import sys, zipfile\n${lines.join('\n')}`, path('')]);
    const made = names.map((name, index) => [name, new Uint8Array(readFileSync(path(String(index))))] as const);
    return Object.fromEntries(made) as Record<Name, Uint8Array>;
  });
}
