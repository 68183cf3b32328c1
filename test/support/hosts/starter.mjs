/** Starts what it is told to, as a child of its own, says the child's number, and waits for its end. */
import { spawn } from 'node:child_process';

const { command, arguments: words, environment } = JSON.parse(process.argv[2] ?? '{}');
const child = spawn(command, words, { env: environment, stdio: 'ignore' });
process.stdout.write(`${child.pid}\n`);
setInterval(() => undefined, 1000);
