/**
 * Readers that can be plugged in and unplugged while pcscd runs. pcscd learns of USB readers from libudev; the first source below answers for
 * libudev with what is written to standard input ("+1 41000" plugs reader 1 in, "-1 41000" unplugs it), so pcscd adds and removes
 * readers just as it does with real ones. The second is the driver that it then loads: it hands everything on to a copy of vpcd, one for each reader,
 * because vpcd keeps its slots in static memory.
 */
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Part of the library that is preloaded into pcscd. */
export const udevSource = `
struct device { char action[8], sysname[8], node[32]; };
static int any;

void *udev_new(void) { return &any; }
void *udev_unref(void *udev) { return NULL; }
void *udev_enumerate_new(void *udev) { return &any; }
int udev_enumerate_add_match_subsystem(void *all, const char *subsystem) { return 0; }
int udev_enumerate_scan_devices(void *all) { return 0; }
void *udev_enumerate_get_list_entry(void *all) { return NULL; }
void *udev_enumerate_unref(void *all) { return NULL; }
void *udev_list_entry_get_next(void *entry) { return NULL; }
const char *udev_list_entry_get_name(void *entry) { return NULL; }
void *udev_device_new_from_syspath(void *udev, const char *path) { return NULL; }
void *udev_monitor_new_from_netlink(void *udev, const char *name) { return &any; }
int udev_monitor_filter_add_match_subsystem_devtype(void *monitor, const char *subsystem, const char *type) { return 0; }
int udev_monitor_enable_receiving(void *monitor) { return 0; }
int udev_monitor_get_fd(void *monitor) { return 0; }

void *udev_monitor_receive_device(void *monitor) {
  char line[32] = "", sign;
  unsigned at = 0, reader, port;
  while (at < sizeof line - 1 && read(0, line + at, 1) == 1 && line[at] != '\\n') at++;
  struct device *device = calloc(1, sizeof *device);
  if (!device || sscanf(line, "%c%u %u", &sign, &reader, &port) != 3) return NULL;
  snprintf(device->action, sizeof device->action, "%s", sign == '+' ? "add" : "remove");
  snprintf(device->sysname, sizeof device->sysname, "%u", reader);
  snprintf(device->node, sizeof device->node, "/vpcd/%u", port);
  return device;
}
const char *udev_device_get_action(struct device *device) { return device->action; }
const char *udev_device_get_sysname(struct device *device) { return device->sysname; }
const char *udev_device_get_devnode(struct device *device) { return device->node; }
void *udev_device_get_parent_with_subsystem_devtype(void *device, const char *subsystem, const char *type) { return device; }
const char *udev_device_get_sysattr_value(struct device *device, const char *name) {
  if (!strcmp(name, "idVendor")) return "c0de";
  return strcmp(name, "idProduct") ? NULL : device->sysname;
}
void *udev_device_unref(void *device) { free(device); return NULL; }
`;

/** All functions of a driver (PCSC/ifdhandler.h) have at most eight arguments, all of them words: so one shape of forwarding fits all. */
export const driverSource = `#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
typedef unsigned long word;
static void *vpcd;

static word forward(const char *name, word a, word b, word c, word d, word e, word f, word g, word h) {
  word (*next)(word, word, word, word, word, word, word, word) = vpcd ? dlsym(vpcd, name) : NULL;
  return next ? next(a, b, c, d, e, f, g, h) : 612;
}
#define FORWARD(name) word name(word a, word b, word c, word d, word e, word f, word g, word h) { return forward(#name, a, b, c, d, e, f, g, h); }
FORWARD(IFDHCloseChannel)
FORWARD(IFDHGetCapabilities)
FORWARD(IFDHSetCapabilities)
FORWARD(IFDHSetProtocolParameters)
FORWARD(IFDHPowerICC)
FORWARD(IFDHTransmitToICC)
FORWARD(IFDHICCPresence)
FORWARD(IFDHControl)

word IFDHCreateChannel(word lun, word channel) { return 612; }
word IFDHCreateChannelByName(word lun, const char *device) {
  Dl_info own;
  char path[4096], name[64];
  if (!vpcd && dladdr(&vpcd, &own)) {
    snprintf(path, sizeof path, "%.*s/vpcd.so", (int)(strrchr(own.dli_fname, '/') - own.dli_fname), own.dli_fname);
    vpcd = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  }
  snprintf(name, sizeof name, "/dev/null:%s", strrchr(device, '/') + 1);
  return forward("IFDHCreateChannelByName", lun, (word)name, 0, 0, 0, 0, 0, 0);
}
`;

/** Lays down one driver bundle for each reader where pcscd looks for them. */
export async function writeBundles(folder: string, names: readonly string[], driver: string, vpcd: string): Promise<void> {
  for (const [index, name] of names.entries()) {
    const contents = join(folder, `reader-${index}.bundle`, 'Contents');
    const libraries = join(contents, 'Linux');
    await mkdir(libraries, { recursive: true });
    await copyFile(driver, join(libraries, 'driver.so'));
    await copyFile(vpcd, join(libraries, 'vpcd.so'));
    await writeFile(join(contents, 'Info.plist'), bundle(name, index));
  }
}

function bundle(name: string, index: number): string {
  const list = (key: string, value: string): string => `\t<key>${key}</key>\n\t<array>\n\t\t<string>${value}</string>\n\t</array>`;
  return `<?xml version="1.0" encoding="UTF-8"?>
<plist version="1.0">
<dict>
\t<key>CFBundleExecutable</key>
\t<string>driver.so</string>
${list('ifdVendorID', '0xC0DE')}
${list('ifdProductID', `0x${index}`)}
${list('ifdFriendlyName', name)}
</dict>
</plist>
`;
}
