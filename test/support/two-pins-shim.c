/*
 * A PKCS#11 module that shows every token of a real one (SHIM_REAL) as OpenSC shows the PINs of a card: slots that all have the name of one reader
 * (SHIM_READER) and, where SHIM_SERIAL is set, the serial number of one card. While the file SHIM_UNPLUGGED is there, it has no slot at all.
 */
#include "forwarding-module.h"

/* Fields are padded with blanks and have no end mark. */
static void put(char *field, size_t size, const char *text) {
  if (!text) return;
  memset(field, ' ', size);
  memcpy(field, text, strnlen(text, size));
}

/* CK_SLOT_INFO begins with slotDescription, 64 bytes. */
static word slot_info(word slot, word info, word c, word d, word e, word f) {
  word result = real->at[5](slot, info, c, d, e, f);
  if (result == 0) put((char *)info, 64, getenv("SHIM_READER"));
  return result;
}

/* CK_TOKEN_INFO: label 32, manufacturerID 32, model 16, then serialNumber 16. */
static word token_info(word slot, word info, word c, word d, word e, word f) {
  word result = real->at[6](slot, info, c, d, e, f);
  if (result == 0) put((char *)info + 80, 16, getenv("SHIM_SERIAL"));
  return result;
}

static word slot_list(word present, word slots, word count, word d, word e, word f) {
  const char *unplugged = getenv("SHIM_UNPLUGGED");
  if (!unplugged || access(unplugged, F_OK) != 0) return real->at[4](present, slots, count, d, e, f);
  *(word *)count = 0;
  return 0;
}

word C_GetFunctionList(struct list **out) {
  if (!forward_to(getenv("SHIM_REAL"))) return 6;
  copy.at[4] = slot_list;
  copy.at[5] = slot_info;
  copy.at[6] = token_info;
  *out = &copy;
  return 0;
}
