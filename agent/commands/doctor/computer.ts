/** The computer itself: room on the disk, the clock, and where a PIN could end up if a program crashed or memory ran short. */
import { readFile, readdir, stat, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { defaultLimits, freeLimits, readConfig } from '../../config.ts';
import { type FileSystemNumbers, type FreeLimits, judgeSpace } from '../../log/free-space.ts';
import { packageRoot } from './ask.ts';
import type { Check, Place } from './report.ts';

const section = 'This computer';
/** With less than this above what must be, somebody should make room before long. */
const wantedMegabytes = 2000;
const skewMs = 5 * 60_000;
/** The first versions of this program are younger than this. */
const neverBefore = Date.UTC(2025, 0, 1);

export async function computer(place: Place): Promise<Check[]> {
  return Promise.all([diskCheck(place), clockCheck(place), coreCheck(place), swapCheck(place)]);
}

async function diskCheck({ data, demo }: Place): Promise<Check> {
  const name = 'free disk space';
  // A configuration that cannot be read is a finding of others.
  const config = data === undefined ? undefined : await readConfig(data).catch(() => undefined);
  const limits = freeLimits(config ?? { demo, limits: defaultLimits });
  let folder = data ?? process.cwd();
  let space = await statfs(folder).catch(() => undefined);
  // A data folder that `init` has yet to make: what counts is the disk that it will be on.
  while (space === undefined && folder !== dirname(folder)) {
    folder = dirname(folder);
    space = await statfs(folder).catch(() => undefined);
  }
  if (space === undefined) return { section, name, finding: 'warning', found: 'cannot be asked' };
  return spaceCheck(space, limits, data === undefined ? 'this folder' : 'the data folder');
}

/** Judges what is free where a station lies: below its limits it begins nothing new. */
export function spaceCheck(numbers: FileSystemNumbers, limits: FreeLimits, where: string): Check {
  const { freeMegabytes, freePercent, isShort } = judgeSpace(numbers, limits);
  const found = `${freeMegabytes} MB (${freePercent} %) for ${where}`;
  const mend = 'make room, or put the data folder on a larger disk';
  const common = { section, name: 'free disk space', found } as const;
  const least = `${found}; nothing is signed below ${limits.megabytes} MB or ${limits.percent} %`;
  if (isShort) return { ...common, found: least, finding: 'missing', mend };
  return freeMegabytes < limits.megabytes + wantedMegabytes ? { ...common, finding: 'warning', mend } : { ...common, finding: 'ok' };
}

/** Newest change among this program and the files of the data folder, milliseconds: the clock must not be behind it. */
async function newestChange({ data }: Place): Promise<number> {
  const inData = data === undefined ? [] : (await readdir(data).catch(() => [])).map((name) => join(data, name));
  const times = [join(packageRoot(), 'package.json'), ...inData].map((path) =>
    stat(path).then(
      ({ mtimeMs }) => mtimeMs,
      () => 0,
    ),
  );
  return Math.max(...(await Promise.all(times)));
}

async function clockCheck(place: Place): Promise<Check> {
  const rtc = await readFile(join(place.root, 'sys/class/rtc/rtc0/since_epoch'), 'utf8').catch(() => undefined);
  const apart = rtc === undefined ? 0 : Math.abs(Number(rtc) * 1000 - place.now);
  const common = { section, name: 'clock' } as const;
  const found = new Date(place.now).toISOString().slice(0, 16) + 'Z';
  const mend = 'set it: sudo timedatectl set-time "YYYY-MM-DD HH:MM:SS" && sudo hwclock --systohc';
  if (place.now < neverBefore) return { ...common, finding: 'missing', found: `${found} cannot be right`, mend };
  if (place.now < (await newestChange(place)) - skewMs)
    return { ...common, finding: 'warning', found: `${found} is behind the newest file: it was set back`, mend };
  if (apart > skewMs)
    return { ...common, finding: 'warning', found: `${found}, ${Math.round(apart / 1000)} s apart from the hardware clock`, mend };
  return { ...common, finding: 'ok', found };
}

/** A core dump holds the memory of a program, and with it perhaps a PIN (core(5): a pattern with a pipe ignores the limit). */
async function coreCheck({ root }: Place): Promise<Check> {
  const limits = await readFile(join(root, 'proc/self/limits'), 'utf8').catch(() => '');
  const pattern = await readFile(join(root, 'proc/sys/kernel/core_pattern'), 'utf8').catch(() => '');
  const soft = /^Max core file size\s+(\S+)/m.exec(limits)?.[1];
  const common = { section, name: 'core dumps' } as const;
  if (soft === undefined) return { ...common, finding: 'warning', found: 'their limit cannot be read' };
  if (pattern.startsWith('|')) {
    return {
      ...common,
      finding: 'warning',
      found: 'handed to a program, whatever the limit is',
      mend: 'sudo sysctl -w kernel.core_pattern=core',
    };
  }
  if (soft !== '0')
    return { ...common, finding: 'warning', found: `limit ${soft}`, mend: 'ulimit -c 0, or LimitCORE=0 in the unit of the station' };
  return { ...common, finding: 'ok', found: 'off (limit 0)' };
}

/** Memory that is swapped out stays on the disk. Swap in compressed memory (zram) does not. */
async function swapCheck({ root }: Place): Promise<Check> {
  const text = await readFile(join(root, 'proc/swaps'), 'utf8').catch(() => '');
  const areas = text
    .split('\n')
    .slice(1)
    .flatMap((line) => line.split(/\s+/)[0] || []);
  const onDisk = areas.filter((area) => !/\/zram\d/.test(area));
  if (onDisk.length === 0) return { section, name: 'swap', finding: 'ok', found: areas.length === 0 ? 'off' : 'in memory only (zram)' };
  return {
    section,
    name: 'swap',
    finding: 'warning',
    found: 'on a disk',
    mend: 'sudo swapoff -a, and take it out of /etc/fstab; or encrypt it',
  };
}
