/**
 * The numbers of PKCS#11 2.40 that this room uses (OASIS pkcs11t.h). They stand here so that only the host ever loads the native binding.
 */

/** CK_SLOT_INFO and CK_TOKEN_INFO flags (sections 3.2 of the base specification). */
export const flag = {
  slotTokenPresent: 0x1,
  loginRequired: 0x4,
  protectedAuthenticationPath: 0x100,
  tokenInitialized: 0x400,
  userPinCountLow: 0x10000,
  userPinFinalTry: 0x20000,
  userPinLocked: 0x40000,
} as const;

/** CKF_SERIAL_SESSION; without CKF_RW_SESSION it is a read-only session. */
export const serialSession = 0x4;
/** CKF_RW_SESSION: objects can be made on the token. */
export const writableSession = 0x2;
/** CKF_DONT_BLOCK for C_WaitForSlotEvent. */
export const dontBlock = 0x1;
/** CKF_OS_LOCKING_OK for C_Initialize. */
export const osLockingOk = 0x2;

export const userType = { user: 1, contextSpecific: 2 } as const;

export const objectClass = { certificate: 1, publicKey: 2, privateKey: 3 } as const;

/** `ecEdwards`: CKK_EC_EDWARDS of PKCS#11 3.0. */
export const keyType = { rsa: 0, ec: 3, ecEdwards: 0x40 } as const;

export const attribute = {
  class: 0x0,
  token: 0x1,
  private: 0x2,
  label: 0x3,
  value: 0x11,
  certificateType: 0x80,
  keyType: 0x100,
  id: 0x102,
  sensitive: 0x103,
  sign: 0x108,
  verify: 0x10a,
  modulus: 0x120,
  extractable: 0x162,
  ecParams: 0x180,
  ecPoint: 0x181,
  alwaysAuthenticate: 0x202,
} as const;

export const mechanism = {
  rsaPkcs: 0x1,
  rsaPkcsPss: 0xd,
  sha256RsaPkcs: 0x40,
  sha384RsaPkcs: 0x41,
  sha512RsaPkcs: 0x42,
  sha256RsaPkcsPss: 0x43,
  sha384RsaPkcsPss: 0x44,
  sha512RsaPkcsPss: 0x45,
  sha256: 0x250,
  sha384: 0x260,
  sha512: 0x270,
  ecdsa: 0x1041,
  ecdsaSha256: 0x1044,
  ecdsaSha384: 0x1045,
  ecdsaSha512: 0x1046,
  ecEdwardsKeyPairGen: 0x1055,
  eddsa: 0x1057,
} as const;

/** CKG_MGF1_SHAxxx. */
export const maskGeneration = { sha256: 2, sha384: 3, sha512: 4 } as const;

/** The return values that are told apart by name; every other number is kept as it is. */
export const ckr = {
  slotIdInvalid: 0x3,
  functionFailed: 0x6,
  generalError: 0x5,
  keyFunctionNotPermitted: 0x68,
  attributeSensitive: 0x11,
  attributeTypeInvalid: 0x12,
  dataInvalid: 0x20,
  dataLenRange: 0x21,
  deviceError: 0x30,
  deviceMemory: 0x31,
  deviceRemoved: 0x32,
  functionCanceled: 0x50,
  keyHandleInvalid: 0x60,
  keySizeRange: 0x62,
  keyTypeInconsistent: 0x63,
  mechanismInvalid: 0x70,
  mechanismParamInvalid: 0x71,
  operationActive: 0x90,
  operationNotInitialized: 0x91,
  pinIncorrect: 0xa0,
  pinInvalid: 0xa1,
  pinLenRange: 0xa2,
  pinExpired: 0xa3,
  pinLocked: 0xa4,
  sessionClosed: 0xb0,
  sessionHandleInvalid: 0xb3,
  tokenNotPresent: 0xe0,
  tokenNotRecognized: 0xe1,
  userAlreadyLoggedIn: 0x100,
  userNotLoggedIn: 0x101,
  userPinNotInitialized: 0x102,
  cryptokiNotInitialized: 0x190,
} as const;
