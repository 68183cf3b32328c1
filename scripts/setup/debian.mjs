/**
 * Which Debian packages the station and its tests stand on, which of them are missing, and how they are brought in. A package counts as
 * there when dpkg says so, or when the command or file that we want of it is there from elsewhere.
 */
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** @typedef {'build' | 'run' | 'tests' | 'hardware'} Purpose */
/** @typedef {{ name: string, purpose: Purpose, why: string, commands?: string[], files?: string[] }} DebianPackage */

/** @type {DebianPackage[]} */
export const packages = [
  { name: 'g++', purpose: 'build', why: 'compiles the addons pkcs11js and sqlite3', commands: ['g++', 'c++'] },
  { name: 'make', purpose: 'build', why: 'compiles the addons pkcs11js and sqlite3', commands: ['make'] },
  { name: 'python3', purpose: 'build', why: 'node-gyp, which compiles the addons, is written in it', commands: ['python3'] },
  { name: 'gcc', purpose: 'run', why: 'compiles the small shim between pcscd and the virtual card', commands: ['cc', 'gcc'] },
  { name: 'libc6-dev', purpose: 'run', why: 'compiles the small shim between pcscd and the virtual card', files: ['/usr/include/stdio.h'] },
  { name: 'pcscd', purpose: 'run', why: 'talks to card readers', commands: ['/usr/sbin/pcscd', 'pcscd'] },
  {
    name: 'vsmartcard-vpcd',
    purpose: 'run',
    why: 'the virtual card reader of the demo and of the tests',
    files: ['/usr/lib/pcsc/drivers/serial/libifdvpcd.so*'],
  },
  { name: 'opensc', purpose: 'run', why: 'reads cards from the command line', commands: ['pkcs11-tool'] },
  {
    name: 'opensc-pkcs11',
    purpose: 'run',
    why: 'the PKCS#11 module for most cards',
    files: ['/usr/lib/*/opensc-pkcs11.so', '/usr/lib/opensc-pkcs11.so'],
  },
  { name: 'libpcsclite1', purpose: 'run', why: 'the way from the module to pcscd', files: ['/usr/lib/*/libpcsclite.so.1'] },
  {
    name: 'libudev1',
    purpose: 'run',
    why: 'sees fingerprint readers come and go',
    files: ['/usr/lib/*/libudev.so.1', '/lib/*/libudev.so.1'],
  },
  { name: 'libusb-1.0-0', purpose: 'run', why: 'sees USB devices', files: ['/usr/lib/*/libusb-1.0.so.0', '/lib/*/libusb-1.0.so.0'] },
  { name: 'util-linux', purpose: 'run', why: 'unshare gives the demo a pcscd of its own', commands: ['unshare'] },
  { name: 'softhsm2', purpose: 'tests', why: 'a token in software', commands: ['softhsm2-util'] },
  {
    name: 'ykcs11',
    purpose: 'tests',
    why: 'a second PKCS#11 module for the same card',
    files: ['/usr/lib/*/libykcs11.so*', '/usr/lib/libykcs11.so*'],
  },
  { name: 'openssl', purpose: 'tests', why: 'a second opinion on every signature', commands: ['openssl'] },
  { name: 'age', purpose: 'tests', why: 'opens the wrapped keys of the log with other software', commands: ['age', 'age-keygen'] },
  { name: 'strace', purpose: 'tests', why: 'gives a process the errors of a bad disk, and tells what it wrote', commands: ['strace'] },
  { name: 'dbus', purpose: 'tests', why: 'a system bus of the tests, for fingerprint readers', commands: ['dbus-daemon'] },
  { name: 'fprintd', purpose: 'tests', why: 'fingerprint readers that do not sign', files: ['/usr/libexec/fprintd'] },
  { name: 'libfprint-2-2', purpose: 'tests', why: 'compares the fingerprints that the tests draw', files: ['/usr/lib/*/libfprint-2.so.2'] },
  { name: 'polkitd', purpose: 'tests', why: 'decides who may use a fingerprint reader', files: ['/usr/lib/polkit-1/polkitd'] },
  { name: 'busybox', purpose: 'tests', why: 'the smallest shell in which evidence must be checkable', commands: ['busybox'] },
  { name: 'poppler-utils', purpose: 'tests', why: 'a second opinion on every signed PDF', commands: ['pdfsig'] },
  { name: 'zbar-tools', purpose: 'tests', why: 'a scanner for the QR code of visible signatures', commands: ['zbarimg'] },
  { name: 'qpdf', purpose: 'tests', why: 'checks the structure of every signed PDF', commands: ['qpdf'] },
  { name: 'libnss3-tools', purpose: 'tests', why: 'gives pdfsig the certificates that it trusts', commands: ['certutil'] },
  { name: 'mupdf-tools', purpose: 'tests', why: 'another opinion on every signed PDF, and PDFs of another make', commands: ['mutool'] },
  { name: 'default-jdk-headless', purpose: 'tests', why: 'runs the judge of signed PDFs that is written in Java', commands: ['javac'] },
  {
    name: 'libpdfbox2-java',
    purpose: 'tests',
    why: 'reads signed PDFs for the Java judge, and checks PDF/A',
    files: ['/usr/share/java/pdfbox2.jar'],
  },
  {
    name: 'libbcpkix-java',
    purpose: 'tests',
    why: 'checks signatures for the Java judge',
    files: ['/usr/share/java/bcpkix.jar'],
  },
  {
    name: 'libactivation-java',
    purpose: 'tests',
    why: 'the check of PDF/A stands on it',
    files: ['/usr/share/java/javax.activation.jar'],
  },
  { name: 'libjaxb-api-java', purpose: 'tests', why: 'the check of PDF/A stands on it', files: ['/usr/share/java/jaxb-api.jar'] },
  { name: 'libreoffice-writer-nogui', purpose: 'tests', why: 'makes PDFs and PDF/A as offices make them', commands: ['soffice'] },
  { name: 'ghostscript', purpose: 'tests', why: 'makes PDFs of every version', commands: ['gs'] },
  { name: 'librsvg2-bin', purpose: 'tests', why: 'makes PDFs with Cairo', commands: ['rsvg-convert'] },
  { name: 'img2pdf', purpose: 'tests', why: 'makes PDFs of images, as scanners do', commands: ['img2pdf'] },
  {
    name: 'chromium',
    purpose: 'tests',
    why: 'the browser of the screen tests',
    commands: ['chromium', 'chromium-browser', 'google-chrome'],
  },
  {
    name: 'fonts-noto-core',
    purpose: 'tests',
    why: 'letters of many scripts on the screen',
    files: ['/usr/share/fonts/truetype/noto/NotoSans-Regular.ttf'],
  },
  { name: 'qemu-system-x86', purpose: 'hardware', why: 'the machine of the hardware test', commands: ['qemu-system-x86_64'] },
  { name: 'busybox-static', purpose: 'hardware', why: 'starts that machine, and must need no library for it' },
  { name: 'kmod', purpose: 'hardware', why: 'says what each module of the kernel stands on', commands: ['/sbin/depmod'] },
  { name: 'xz-utils', purpose: 'hardware', why: 'unpacks the kernel', commands: ['xz'] },
  { name: 'udev', purpose: 'hardware', why: 'gives devices to users, by the rules of the station', files: ['/lib/systemd/systemd-udevd'] },
  {
    name: 'libccid',
    purpose: 'hardware',
    why: 'the driver of USB card readers',
    files: ['/usr/lib/pcsc/drivers/ifd-ccid.bundle/Contents/Info.plist'],
  },
  {
    name: 'fido2-tools',
    purpose: 'hardware',
    why: 'another program that judges the virtual fingerprint reader',
    commands: ['fido2-token'],
  },
  {
    name: 'python3-fido2',
    purpose: 'hardware',
    why: 'another program that judges the virtual fingerprint reader',
    files: ['/usr/lib/python3/dist-packages/fido2/ctap2/__init__.py'],
  },
  { name: 'dosfstools', purpose: 'hardware', why: 'makes and checks drives with FAT', commands: ['/sbin/mkfs.vfat'] },
  { name: 'mtools', purpose: 'hardware', why: 'reads drives with FAT from outside of the machine', commands: ['mcopy'] },
  { name: 'exfatprogs', purpose: 'hardware', why: 'makes and checks drives with exFAT', commands: ['/sbin/mkfs.exfat'] },
];

/** The full path of a command, or undefined; looks where PATH looks. */
export function findCommand(command) {
  const candidates = command.startsWith('/')
    ? [command]
    : (process.env.PATH ?? '')
        .split(delimiter)
        .filter(Boolean)
        .map((folder) => join(folder, command));
  return candidates.find((path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** True when a path is there; `*` stands for any one part of it, or for the rest of a name. */
function fileIsThere(pattern) {
  if (!pattern.includes('*')) return existsSync(pattern);
  const parts = pattern.split('/').slice(1);
  let found = ['/'];
  for (const part of parts) {
    const shape = new RegExp(
      `^${part
        .split('*')
        .map((text) => text.replace(/[.+]/g, '\\$&'))
        .join('.*')}$`,
    );
    found = found.flatMap((folder) => {
      if (!part.includes('*')) return existsSync(join(folder, part)) ? [join(folder, part)] : [];
      try {
        return readdirSync(folder)
          .filter((name) => shape.test(name))
          .map((name) => join(folder, name));
      } catch {
        return [];
      }
    });
  }
  return found.length > 0;
}

/** The names of `wanted` that dpkg calls installed; an empty set where there is no dpkg. */
function installedByDpkg(wanted) {
  if (findCommand('dpkg-query') === undefined) return new Set();
  const asked = spawnSync('dpkg-query', ['-W', '-f', '${Package} ${db:Status-Status}\n', ...wanted], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  return new Set(
    (asked.stdout ?? '')
      .split('\n')
      .filter((line) => line.endsWith(' installed'))
      .map((line) => line.split(' ')[0]),
  );
}

/**
 * The packages that are not there.
 * @param {Set<Purpose>} purposes what is needed now
 * @returns {DebianPackage[]}
 */
export function missingPackages(purposes) {
  const wanted = packages.filter((one) => purposes.has(one.purpose));
  const installed = installedByDpkg(wanted.map((one) => one.name));
  return wanted.filter(
    (one) =>
      !installed.has(one.name) &&
      !(one.commands ?? []).some((command) => findCommand(command) !== undefined) &&
      !(one.files ?? []).some(fileIsThere),
  );
}

/** True when this process may install packages: it is root, and apt is there. */
export function mayInstall() {
  return process.getuid?.() === 0 && findCommand('apt-get') !== undefined;
}

/** What a person types to bring the packages in, or undefined where there is no apt. */
export function commandToType(missing) {
  if (findCommand('apt-get') === undefined) return undefined;
  return `sudo apt-get update && sudo apt-get install -y --no-install-recommends ${missing.map((one) => one.name).join(' ')}`;
}

/**
 * Installs packages. The package lists are fetched first where there are none, and once more when the installation fails, for they may be old.
 * @param {DebianPackage[]} missing
 * @param {(title: string, command: string, args: string[], env?: Record<string, string>) => Promise<void>} run throws when the command fails
 */
export async function install(missing, run) {
  const env = { DEBIAN_FRONTEND: 'noninteractive', APT_LISTCHANGES_FRONTEND: 'none', NEEDRESTART_MODE: 'l' };
  const update = () => run('fetching the package lists', 'apt-get', ['-q', 'update'], env);
  const fetch = () =>
    run(
      `installing ${missing.map((one) => one.name).join(' ')}`,
      'apt-get',
      [
        ...['-q', '-y', '--no-install-recommends'],
        ...['-o', 'DPkg::Lock::Timeout=300', '-o', 'Dpkg::Use-Pty=0', '-o', 'Dpkg::Options::=--force-confold'],
        ...['install', ...missing.map((one) => one.name)],
      ],
      env,
    );
  const haveLists = existsSync('/var/lib/apt/lists') && readdirSync('/var/lib/apt/lists').some((name) => name.includes('_Packages'));
  if (!haveLists) await update();
  try {
    await fetch();
  } catch (error) {
    if (!haveLists) throw error;
    await update();
    await fetch();
  }
}
