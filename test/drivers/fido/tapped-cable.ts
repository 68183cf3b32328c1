/** A cable that is listened in on, and that can lie about what a key says: for what no well-behaved key would do. */
import { Assembler, encodeMessage, parseFrame } from '../../../drivers/fido/framing.ts';
import type { HidTransport } from '../../../drivers/fido/transport.ts';

export interface TappedCable {
  readonly transport: HidTransport;
  /** Everything that went over it, both ways, hex digits, without the heads of the reports. */
  readonly said: () => string;
}

/** `lie` is given every message of the key and gives back what arrives. */
export function tapped(transport: HidTransport, lie: (payload: Uint8Array) => Uint8Array = (payload) => payload): TappedCable {
  const reports: Uint8Array[] = [];
  const open: HidTransport['open'] = async (path, listener) => {
    const assembler = new Assembler();
    const hid = await transport.open(path, {
      onReport: (report) => {
        reports.push(report);
        const frame = parseFrame(report);
        const assembly = frame && assembler.accept(frame);
        if (frame === undefined || assembly?.kind !== 'message') return;
        for (const changed of encodeMessage(frame.channel, assembly.command, lie(assembly.payload))) listener.onReport(changed);
      },
      onGone: (cause) => listener.onGone(cause),
    });
    return {
      close: () => hid.close(),
      write: (report) => {
        reports.push(report);
        return hid.write(report);
      },
    };
  };
  const said = (): string => Buffer.concat(reports.map((report) => parseFrame(report)?.data ?? new Uint8Array(0))).toString('hex');
  return { transport: { ...transport, open }, said };
}
