/**
 * Files that do something by themselves: programs, scripts, pages with scripts, Office files with macros. A signature under one of them would vouch
 * for whatever it does, so none is signed. Told by the content, and besides by the ending of the name, because that is what decides on most computers.
 */
import type { ZipReader } from './zip-reader.ts';

/** Endings with which Windows, Unix, macOS or a browser runs what is inside, lower case. */
const endings = new Set(
  [
    'exe com scr pif msi msp msc cpl dll sys drv ocx bat cmd ps1 psm1 vb vbs vbe js jse mjs cjs wsf wsh hta sct jar class lnk url reg inf scf',
    'application appref-ms gadget settingcontent-ms chm iso img vhd vhdx so dylib app command workflow pkg dmg deb rpm apk xapk ipa sh bash zsh',
    'csh ksh run appimage py pyc pyw pl rb php html htm xhtml shtml mht mhtml svg svgz swf xll docm dotm xlsm xltm xlam xlsb pptm potm ppam ppsm',
    'sldm accdb mdb slk iqy',
  ].flatMap((line) => line.split(' ')),
);

/** Beginnings of programs, hexadecimal. */
const beginnings = [
  '4d5a', // DOS and Windows
  '7f454c46', // ELF
  'feedface',
  'feedfacf',
  'cefaedfe',
  'cffaedfe',
  'cafebabe', // Mach-O for several processors, Java
  '2321', // a script that names its interpreter
  '0061736d', // WebAssembly
  '6465780a', // Android
  '4c0000000114020000000000c000000000000046', // a link of Windows
  '213c617263683e', // Debian package, library
  'edabeedb', // RPM
  '1b4c', // Lua, compiled
].map((hex) => Buffer.from(hex, 'hex'));

/** The last ending of a name, lower case, without its dot; '' when there is none. Spaces and dots at the end do not count, as on Windows. */
export function endingOf(name: string): string {
  const base = name.slice(name.lastIndexOf('/') + 1).replace(/[. ]+$/, '');
  const dot = base.lastIndexOf('.');
  return dot <= 0 ? '' : base.slice(dot + 1).toLowerCase();
}

/** True for a name whose ending makes a computer run the file. */
export function hasActiveEnding(name: string): boolean {
  return endings.has(endingOf(name));
}

/** True for a program or a script, by how it begins. */
export function isProgram(head: Uint8Array): boolean {
  const start = Buffer.from(head.subarray(0, 64));
  return beginnings.some((one) => start.subarray(0, one.length).equals(one));
}

/** True for text that is a page or a drawing, which may hold scripts, or a list of commands. Asked of text alone: in packed data it would mean nothing. */
export function isPage(head: Uint8Array): boolean {
  // UTF-16 shows its letters with zeros between them.
  const text = Buffer.from(head.subarray(0, 4096)).toString('latin1').replaceAll('\0', '').toLowerCase();
  return /<(?:!doctype\s+html|html|svg|script|body|iframe|hta:application)[\s>/]|^\s*(?:@echo\b|<\?php\b)/.test(text);
}

/** True for an Office file (Office Open XML or OpenDocument) with macros, controls or packed programs, and for a ZIP file with a program in it, by name. */
export function hasActiveEntry(reader: ZipReader): boolean {
  const isOffice = reader.entry('[Content_Types].xml') !== undefined;
  const isOpenDocument = reader.entry('META-INF/manifest.xml') !== undefined;
  const macros = /(?:^|\/)(?:vbaproject\.bin|vbadata\.xml)$|(?:^|\/)(?:macrosheets|activex)\//i;
  const packed = /(?:^|\/)embeddings\/.*\.(?:bin|ole)$/i;
  return reader.entries.some(
    ({ name }) =>
      macros.test(name) ||
      hasActiveEnding(name) ||
      (isOffice && packed.test(name)) ||
      (isOpenDocument && /^(?:Basic|Scripts)\//i.test(name)),
  );
}
