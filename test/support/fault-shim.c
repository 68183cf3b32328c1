/*
 * A PKCS#11 module that forwards to a real one (SHIM_REAL) and misbehaves on order. Before every forwarded call it reads the file SHIM_ORDERS;
 * a line "C_Sign hang 0" makes that function misbehave, at every call or (a number above 0) at that call of it alone. Every call is written to
 * SHIM_TRACE, one name per line, and calls are counted there: over all processes, from the moment that file was last emptied.
 *
 * Orders: crash (SIGSEGV), exit, hang, error=<CKR>, flip (C_Sign: one bit of the answer is wrong), empty (C_GetSlotList: no slots).
 */
#include "forwarding-module.h"

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
  append_line(getenv("SHIM_TRACE"), name);
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
  if (!forward_to(getenv("SHIM_REAL"))) return 6;
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
