/** The examining process: what it answers, what happens when it dies, hangs or takes too much, and that the station goes on each time. */
import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { Examiner, defaultExaminerLimits } from '../../../agent/documents/examiner.ts';
import { parseAnswer } from '../../../agent/documents/examiner-protocol.ts';
import { defaultIntakePolicy } from '../../../agent/documents/intake-policy.ts';
import { type ChildLimits, limitedLaunch } from '../../../agent/documents/limited-launch.ts';
import { streamBody } from '../../support/attack-pdf.ts';
import { agreement, handMade, onePage } from '../../support/sample-pdf.ts';

const open: Examiner[] = [];
afterEach(() => open.splice(0).forEach((examiner) => examiner.close()));

function examinerWith(limits: Partial<ChildLimits> = {}): Examiner {
  const examiner = new Examiner(defaultIntakePolicy, { ...defaultExaminerLimits, ...limits });
  open.push(examiner);
  return examiner;
}

async function outcome(examiner: Examiner, bytes: Uint8Array): Promise<string> {
  const examined = await examiner.examine(bytes, createHash('sha256').update(bytes).digest('hex'));
  return examined.ok ? 'ok' : examined.refusal;
}

/** Takes seconds of processor time: every byte is looked at in JavaScript. */
function slowDocument(): Uint8Array {
  return handMade({ objects: onePage({ 4: streamBody('/Filter/ASCII85Decode', `${'9jqo^'.repeat(9_000_000)}~>`) }) });
}

const other = handMade({ objects: onePage() });

/** The process that waits. */
function waiting(examiner: Examiner): number {
  const pid = examiner.pids.at(-1);
  if (pid === undefined) throw new Error('no process waits');
  return pid;
}

describe('a document', () => {
  test('is examined in another process, and the bytes given back are those that were examined', async () => {
    const examiner = examinerWith();
    const bytes = agreement();
    const digest = createHash('sha256').update(bytes).digest('hex');
    const examined = await examiner.examine(bytes, digest);
    expect(examined).toMatchObject({ ok: true, document: { digest, size: bytes.length, pages: 3, signatures: 0, remarks: [] } });
    if (examined.ok) expect(examined.document.bytes).toBe(bytes);
  });

  test('is refused with the reason and the subject that the process found', async () => {
    const examiner = new Examiner({ ...defaultIntakePolicy, missingFonts: 'refuse' });
    open.push(examiner);
    const bytes = handMade({ objects: onePage({}, '/Q<</Font<</F<</Subtype/Type1/BaseFont/Arial>>>>>>') });
    const examined = await examiner.examine(bytes, createHash('sha256').update(bytes).digest('hex'));
    expect(examined).toMatchObject({ ok: false, refusal: 'fonts-not-embedded', subject: 'Arial' });
  });

  test('is refused when the process was given other bytes than those with the digest', async () => {
    const examined = await examinerWith().examine(agreement(), createHash('sha256').update(other).digest('hex'));
    expect(examined).toMatchObject({ ok: false, refusal: 'examination-failed' });
  });

  test('is examined once; the same bytes have the same answer', async () => {
    const examiner = examinerWith();
    expect(await outcome(examiner, agreement())).toBe('ok');
    const before = examiner.pids;
    const start = performance.now();
    expect(await outcome(examiner, agreement())).toBe('ok');
    expect(performance.now() - start).toBeLessThan(100);
    expect(examiner.pids).toEqual(before);
  });

  test('waits for its turn when many come at once', async () => {
    const examiner = examinerWith();
    const many = Array.from({ length: 3 }, (_, index) => handMade({ objects: onePage(), trailer: `/N ${index}` }));
    const outcomes = many.map((bytes) => outcome(examiner, bytes));
    expect(examiner.pids.length).toBeLessThanOrEqual(2);
    expect(await Promise.all(outcomes)).toEqual(many.map(() => 'ok'));
  });

  test('does not hold up the agent while it is examined', async () => {
    const examiner = examinerWith({ cpuSeconds: 1 });
    const bytes = slowDocument();
    const digest = createHash('sha256').update(bytes).digest('hex');
    const before = process.cpuUsage();
    const examined = await examiner.examine(bytes, digest);
    const { user, system } = process.cpuUsage(before);
    expect(examined).toMatchObject({ ok: false, refusal: 'took-too-long' });
    // The other process used up a second; a clock on the wall would count what a busy machine does besides.
    expect((user + system) / 1e6).toBeLessThan(0.7);
    expect(await outcome(examiner, agreement())).toBe('ok');
  });
});

describe('the station goes on', () => {
  test('when the process is killed while it examines', async () => {
    const examiner = examinerWith();
    const pid = waiting(examiner);
    process.kill(pid, 'SIGSTOP');
    const examined = outcome(examiner, agreement());
    await sleep(50);
    process.kill(pid, 'SIGKILL');
    expect(await examined).toBe('examination-failed');
    // That was no fault of the document: it is not remembered.
    expect(await outcome(examiner, agreement())).toBe('ok');
  });

  test('when the process that waits is killed: nobody notices', async () => {
    const examiner = examinerWith();
    process.kill(waiting(examiner), 'SIGKILL');
    await sleep(300);
    expect(await outcome(examiner, agreement())).toBe('ok');
  });

  test('when the process hangs', async () => {
    const examiner = examinerWith({ deadlineMs: 500 });
    const pid = waiting(examiner);
    process.kill(pid, 'SIGSTOP');
    expect(await outcome(examiner, agreement())).toBe('took-too-long');
    expect(() => process.kill(pid, 0)).toThrow();
  });

  test('when the process runs out of memory', async () => {
    const examiner = examinerWith({ heapMegabytes: 40 });
    const values = handMade({ objects: onePage(), style: 'stream', trailer: `/Extra[${'<</A(b)>>'.repeat(200_000)}]` });
    expect(await outcome(examiner, values)).toBe('examination-failed');
    expect(await outcome(examiner, other)).toBe('ok');
  });

  test('when there is nothing to start a process with', async () => {
    const { execPath } = process;
    process.execPath = '/nowhere/node';
    try {
      expect(await outcome(examinerWith(), agreement())).toBe('examination-failed');
    } finally {
      process.execPath = execPath;
    }
  });

  test('after it is closed no process is left, and what comes is refused', async () => {
    const examiner = examinerWith();
    const pid = waiting(examiner);
    examiner.close();
    await expect.poll(() => isThere(pid)).toBe(false);
    expect(await outcome(examiner, agreement())).toBe('examination-failed');
  });
});

describe('the process', () => {
  const launch = (prlimit: boolean, setpriv: boolean) =>
    limitedLaunch('/host.js', [], defaultExaminerLimits, 2 * 1024 * 1024, { prlimit, setpriv });

  test('is started with limits that the kernel holds, and without the environment of the agent', () => {
    expect(launch(true, false)).toMatchObject({ command: '/usr/bin/prlimit' });
    expect(launch(true, false).arguments.slice(0, 4)).toEqual(['--core=1', '--cpu=10:12', `--data=${1282 * 1024 * 1024}`, '--']);
    expect(Object.keys(launch(true, false).environment)).toEqual(['PATH']);
    expect(launch(false, false).arguments[1]).toBe(`ulimit -c 0; ulimit -t 10; ulimit -d ${1282 * 1024}; exec "$@"`);
  });

  test('ends with the agent, where the kernel can be asked for that', () => {
    expect(launch(true, true)).toMatchObject({ command: '/usr/bin/setpriv' });
    expect(launch(true, true).arguments.slice(0, 5)).toEqual(['--pdeathsig', 'KILL', '--', '/usr/bin/prlimit', '--core=1']);
    expect(launch(false, true).arguments.slice(3, 5)).toEqual(['/bin/sh', '-c']);
  });

  test.each([
    '',
    'null',
    '[]',
    '{"ok":true}',
    '{"ok":true,"digest":"a","pages":-1,"signatures":0,"remarks":[]}',
    '{"ok":true,"digest":"a","pages":1,"signatures":0,"remarks":[{"code":"none","subjects":[]}]}',
    '{"ok":false,"digest":"a","refusal":"none"}',
    '{"ok":false,"refusal":"damaged"}',
  ])('is not believed when it says %s', (text) => {
    expect(parseAnswer(text)).toBeUndefined();
  });
});

function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
