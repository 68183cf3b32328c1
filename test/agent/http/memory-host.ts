/** A process of its own that runs the HTTP room, so that its memory can be read from outside. Tells its port, then waits to be ended. */
import { startServer } from '../../../agent/http/server.ts';
import { InMemoryVisit } from '../../support/http/in-memory-visit.ts';

const kioskDirectory = process.argv[2];
if (kioskDirectory === undefined) throw new Error('a kiosk folder is needed');

const visit = new InMemoryVisit();
visit.takesPin = () => true;
// A PIN is taken and zeroed, as a driver does; with 'keep' it is kept, to show that it would be found.
visit.enterPin = (pin) => {
  if (process.argv[3] === 'keep') visit.secrets.push(pin);
  else void pin.take(() => undefined);
  return true;
};
const onFault = (error: unknown): void => {
  throw error;
};
const server = await startServer({ visit, kioskDirectory, port: 0, host: '127.0.0.1', onFault });
process.on('disconnect', () => process.exit());
process.send?.({ port: server.port });
