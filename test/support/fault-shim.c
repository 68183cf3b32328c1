/*
 * A PKCS#11 module that forwards to a real one (SHIM_REAL) and misbehaves on order. Before every forwarded call it reads the file SHIM_ORDERS;
 * a line "C_Sign hang 0" makes that function misbehave, at every call or (a number above 0) at that call of it alone. Every call is written to
 * SHIM_TRACE, one name per line, and calls are counted there: over all processes, from the moment that file was last emptied.
 *
 * Orders: crash (SIGSEGV), exit, hang, error=<CKR>, flip (C_Sign: one bit of the answer is wrong), empty (C_GetSlotList: no slots).
 *
 * CK_FUNCTION_LIST is a version and 68 pointers in a fixed order, and no function that is wrapped here has more than six arguments, all of them
 * words: so one wrapper shape fits all.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef unsigned long word;
typedef word (*function)(word, word, word, word, word, word);
struct list {
  unsigned char version[2];
  function at[68];
};

static struct list *real, copy;

static void trace(const char *name) {
  const char *path = getenv("SHIM_TRACE");
  if (!path) return;
  int file = open(path, O_WRONLY | O_APPEND | O_CREAT, 0600);
  if (file < 0) return;
  char line[64];
  int length = snprintf(line, sizeof line, "%s\n", name);
  if (write(file, line, (size_t)length) != length) abort();
  close(file);
}

static int calls_of(const char *name) {
  const char *path = getenv("SHIM_TRACE");
  FILE *file = path ? fopen(path, "r") : NULL;
  if (!file) return 0;
  char called[64];
  int calls = 0;
  while (fscanf(file, "%63s", called) == 1) calls += strcmp(called, name) == 0;
  fclose(file);
  return calls;
}

static int order(const char *name, char *action, size_t size) {
  const char *path = getenv("SHIM_ORDERS");
  FILE *file = path ? fopen(path, "r") : NULL;
  if (!file) return 0;
  char function_name[64], what[64];
  int found = 0, nth = 0;
  while (!found && fscanf(file, "%63s %63s %d", function_name, what, &nth) == 3) found = strcmp(function_name, name) == 0;
  fclose(file);
  if (!found || (nth > 0 && calls_of(name) != nth)) return 0;
  snprintf(action, size, "%s", what);
  return 1;
}

static word forward(int index, const char *name, word a, word b, word c, word d, word e, word f) {
  char action[64] = "";
  trace(name);
  if (order(name, action, sizeof action)) {
    if (!strcmp(action, "crash")) *(volatile int *)8 = 1;
    if (!strcmp(action, "exit")) _exit(3);
    if (!strcmp(action, "hang"))
      for (;;) pause();
    if (!strncmp(action, "error=", 6)) return strtoul(action + 6, NULL, 0);
    if (!strcmp(action, "empty")) {
      *(word *)c = 0;
      return 0;
    }
  }
  word result = real->at[index](a, b, c, d, e, f);
  if (!strcmp(action, "flip") && result == 0 && d) *(unsigned char *)d ^= 1;
  return result;
}

#define WRAP(index, name)                                                                  \
  static word shim_##name(word a, word b, word c, word d, word e, word f) {                \
    return forward(index, #name, a, b, c, d, e, f);                                        \
  }
WRAP(0, C_Initialize)
WRAP(1, C_Finalize)
WRAP(4, C_GetSlotList)
WRAP(6, C_GetTokenInfo)
WRAP(12, C_OpenSession)
WRAP(13, C_CloseSession)
WRAP(18, C_Login)
WRAP(19, C_Logout)
WRAP(24, C_GetAttributeValue)
WRAP(26, C_FindObjectsInit)
WRAP(42, C_SignInit)
WRAP(43, C_Sign)

word C_GetFunctionList(struct list **out) {
  void *library = dlopen(getenv("SHIM_REAL"), RTLD_NOW | RTLD_LOCAL);
  word (*get)(struct list **) = library ? (word (*)(struct list **))dlsym(library, "C_GetFunctionList") : NULL;
  if (!get || get(&real) != 0) return 6;
  copy = *real;
  copy.at[0] = shim_C_Initialize;
  copy.at[1] = shim_C_Finalize;
  copy.at[4] = shim_C_GetSlotList;
  copy.at[6] = shim_C_GetTokenInfo;
  copy.at[12] = shim_C_OpenSession;
  copy.at[13] = shim_C_CloseSession;
  copy.at[18] = shim_C_Login;
  copy.at[19] = shim_C_Logout;
  copy.at[24] = shim_C_GetAttributeValue;
  copy.at[26] = shim_C_FindObjectsInit;
  copy.at[42] = shim_C_SignInit;
  copy.at[43] = shim_C_Sign;
  *out = &copy;
  return 0;
}
