/**
 * vpcd 3.3 has two ways that do not suit us: it listens on every network address, and it writes length and body of a message apart, so
 * that Nagle's algorithm and the delayed acknowledgement cost 44 ms per APDU. And pcscd looks into a slot of a reader without interrupts, as
 * this one is, every 400 ms only. This builds the little library that, preloaded into pcscd, cures all three and lets readers be plugged in, and
 * the driver that goes with it.
 */
import { execFile } from 'node:child_process';
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { driverSource, udevSource } from './usb-shim.ts';

/** Set in the environment of pcscd to keep the 44 ms and the 400 ms: about as slow as a real card in a real reader. */
export const keepSlowVariable = 'VPCD_KEEP_SLOW';

const source = `#define _GNU_SOURCE
#include <dlfcn.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

int bind(int fd, const struct sockaddr *address, socklen_t length) {
  int (*next)(int, const struct sockaddr *, socklen_t) = dlsym(RTLD_NEXT, "bind");
  if (address->sa_family != AF_INET) return next(fd, address, length);
  struct sockaddr_in loopback = *(const struct sockaddr_in *)address;
  loopback.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return next(fd, (struct sockaddr *)&loopback, sizeof loopback);
}

int accept(int fd, struct sockaddr *address, socklen_t *length) {
  int (*next)(int, struct sockaddr *, socklen_t *) = dlsym(RTLD_NEXT, "accept");
  int client = next(fd, address, length), on = 1;
  if (client >= 0 && !getenv("${keepSlowVariable}")) setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return client;
}

int nanosleep(const struct timespec *wanted, struct timespec *left) {
  int (*next)(const struct timespec *, struct timespec *) = dlsym(RTLD_NEXT, "nanosleep");
  const struct timespec look = {0, 100000000};
  int polls = wanted->tv_sec == 0 && wanted->tv_nsec == 400000000;
  return next(polls && !getenv("${keepSlowVariable}") ? &look : wanted, left);
}
${udevSource}`;

export interface VpcdShim {
  /** The library to preload into pcscd. */
  readonly preload: string;
  /** The driver for readers that are plugged in. */
  readonly driver: string;
}

/** Compiles both into `directory`. Throws when there is no working C compiler. */
export async function buildVpcdShim(directory: string): Promise<VpcdShim> {
  const [preload, driver] = await Promise.all([compile(directory, 'vpcd-shim', source), compile(directory, 'vpcd-driver', driverSource)]);
  return { preload, driver };
}

async function compile(directory: string, name: string, text: string): Promise<string> {
  const c = join(directory, `${name}.c`);
  const made = join(directory, `${name}.so.new`);
  const library = join(directory, `${name}.so`);
  await writeFile(c, text);
  await promisify(execFile)('cc', ['-shared', '-fPIC', '-O1', '-o', made, c, '-ldl'], { timeout: 30_000 });
  await rename(made, library);
  return library;
}
