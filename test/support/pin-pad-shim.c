/*
 * A PKCS#11 module over SoftHSM2 whose token sits in a reader with a PIN pad of its own. It says so in C_GetTokenInfo, takes no PIN from the program
 * (anything but NULL and 0 is CKR_ARGUMENTS_BAD), and waits in C_Login for a person at the pad.
 *
 * The person is a test: everything lies in the folder of this library, so that a station needs to be told nothing but its path. A line is appended to
 * `pad-trace` for every call of C_Login ("asks 1" for CKU_USER, "asks 2" for CKU_CONTEXT_SPECIFIC, "given" for a PIN that the program sent) and of
 * C_Sign ("signs"). Then the file `pad-key` is awaited, taken away and done: "type 1234", or "return 80" for that CKR. While a file `card-out` is
 * there, the slot is empty, and so it is for whoever waits.
 */
#define _GNU_SOURCE
#include "forwarding-module.h"

#define SOFTHSM "/usr/lib/softhsm/libsofthsm2.so"
#define CKR_ARGUMENTS_BAD 7
#define CKR_DEVICE_REMOVED 0x32
#define CKF_TOKEN_PRESENT 1
#define CKF_PROTECTED_AUTHENTICATION_PATH 0x100
/* Both structures hold 96 bytes of text before their flags. */
#define FLAGS_AT 96

static char folder[4000];

static const char *at(const char *name) {
  static char path[4096];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  return path;
}

static word slot_info(word slot, word info, word c, word d, word e, word f) {
  word result = real->at[5](slot, info, c, d, e, f);
  if (result == 0 && access(at("card-out"), F_OK) == 0) *(word *)(info + FLAGS_AT) &= ~(word)CKF_TOKEN_PRESENT;
  return result;
}

static word token_info(word slot, word info, word c, word d, word e, word f) {
  word result = real->at[6](slot, info, c, d, e, f);
  if (result == 0) *(word *)(info + FLAGS_AT) |= CKF_PROTECTED_AUTHENTICATION_PATH;
  return result;
}

/* What the person does at the pad; 0 when nothing was done yet. */
static int pressed(char *key, char *value) {
  char taken[4096];
  snprintf(taken, sizeof taken, "%s.taken", at("pad-key"));
  if (rename(at("pad-key"), taken) != 0) return 0;
  FILE *file = fopen(taken, "r");
  int read = file ? fscanf(file, "%15s %63s", key, value) : 0;
  if (file) fclose(file);
  unlink(taken);
  return read == 2;
}

static word login(word session, word user, word pin, word length, word e, word f) {
  char key[16], value[64];
  if (pin || length) {
    append_line(at("pad-trace"), "given");
    return CKR_ARGUMENTS_BAD;
  }
  append_line(at("pad-trace"), user == 2 ? "asks 2" : "asks 1");
  while (!pressed(key, value)) {
    if (access(at("card-out"), F_OK) == 0) return CKR_DEVICE_REMOVED;
    usleep(10000);
  }
  if (strcmp(key, "return") == 0) return strtoul(value, NULL, 0);
  return real->at[18](session, user, (word)value, strlen(value), e, f);
}

static word sign(word a, word b, word c, word d, word e, word f) {
  append_line(at("pad-trace"), "signs");
  return real->at[43](a, b, c, d, e, f);
}

word C_GetFunctionList(struct list **out) {
  Dl_info self;
  if (!dladdr((void *)C_GetFunctionList, &self)) return 6;
  snprintf(folder, sizeof folder, "%s", self.dli_fname);
  *strrchr(folder, '/') = '\0';
  setenv("SOFTHSM2_CONF", at("softhsm2.conf"), 1);
  if (!forward_to(SOFTHSM)) return 6;
  copy.at[5] = slot_info;
  copy.at[6] = token_info;
  copy.at[18] = login;
  copy.at[43] = sign;
  *out = &copy;
  return 0;
}
