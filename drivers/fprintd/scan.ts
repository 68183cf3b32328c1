/** One wait for a finger: started, fed by signals, and always stopped, however it ends. It decides nothing about what a result means. */
import { DeviceError, isDeviceError } from '../errors.ts';
import type { FingerName } from '../fingerprint.ts';
import type { BusSignal } from './bus.ts';
import { deviceInterface } from './names.ts';
import type { FprintSession } from './session.ts';

export interface ScanOrder {
  /** Object path of the device, which is claimed. */
  readonly device: string;
  readonly kind: 'Verify' | 'Enroll';
  readonly finger: FingerName;
  /** How long one scan is waited for, milliseconds. */
  readonly touchMs: number;
  /** Looks at one result: `done` ends the wait, `progress` begins the time for a scan anew. Throws DeviceError to end it otherwise. */
  readonly judge: (result: string, done: boolean) => 'wait' | 'progress' | 'done';
  /** It has begun: the sensor waits. */
  readonly onStarted?: () => void;
  /** fprintd said which finger it compares with. */
  readonly onSelected?: (finger: string) => void;
}

/** Resolves when `judge` says done. Throws DeviceError: what `judge` throws, touch-timeout, cancelled, reader-lost, and what starting throws. */
export async function scan(session: FprintSession, order: ScanOrder, signal?: AbortSignal): Promise<void> {
  const { device, kind, finger, touchMs } = order;
  const release: (() => void)[] = [];
  const call = (member: string, body?: readonly string[]) =>
    session.call({ path: device, interface: deviceInterface, member, ...(body === undefined ? {} : { signature: 's', body }) });
  const outcome = new Promise<void>((resolve, reject) => {
    const late = (): void => reject(new DeviceError('touch-timeout', 'no finger in time'));
    let timer = setTimeout(late, touchMs);
    const cancel = (): void => reject(new DeviceError('cancelled', 'cancelled'));
    signal?.addEventListener('abort', cancel, { once: true });
    if (signal?.aborted === true) cancel();
    const take = ({ path, member, body: [result, done] }: BusSignal): void => {
      if (path !== device || typeof result !== 'string') return;
      try {
        if (member === 'VerifyFingerSelected' && kind === 'Verify') order.onSelected?.(result);
        if (member !== `${kind}Status`) return;
        const next = order.judge(result, done === true);
        if (next === 'done') resolve();
        if (next !== 'progress') return;
        clearTimeout(timer);
        timer = setTimeout(late, touchMs);
      } catch (error) {
        // What a listener of the caller throws is a bug, and ends the wait like everything else.
        reject(error instanceof Error ? error : new Error(String(error)));
      }
    };
    release.push(
      session.onSignal(take),
      session.onGone(reject),
      () => clearTimeout(timer),
      () => signal?.removeEventListener('abort', cancel),
    );
  });
  // It may fail while the start is still awaited; nobody looks at it until then.
  outcome.catch(() => undefined);
  try {
    await call(`${kind}Start`, [finger]);
    order.onStarted?.();
    await outcome;
    if (signal?.aborted === true) throw new DeviceError('cancelled', 'cancelled');
  } finally {
    for (const one of release) one();
    await stop(session, () => call(`${kind}Stop`));
  }
}

/** Stops, or ends the conversation when fprintd does not stop: it lets go of everything then. */
async function stop(session: FprintSession, call: () => Promise<unknown>): Promise<void> {
  if (session.gone !== undefined) return;
  try {
    await call();
  } catch (error) {
    if (!isDeviceError(error)) throw error;
    const nothingToStop = error.code === 'reader-lost' || error.origin?.value === 'net.reactivated.Fprint.Error.NoActionInProgress';
    if (!nothingToStop) session.close();
  }
}
