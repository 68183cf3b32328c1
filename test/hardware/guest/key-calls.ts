/** The fingerprint reader as the station's own driver sees it, on the hidraw of the guest's kernel. */
import { createHidrawTransport } from '../../../drivers/fido/hidraw.ts';

const transport = createHidrawTransport();

export const keyCalls = {
  hidDevices: () => transport.list(),
};
