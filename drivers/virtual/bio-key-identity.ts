/**
 * By what a virtual bio key is known, so that a real station can refuse it: data only, safe to import in production. Whoever enrols must refuse
 * this AAGUID and every attestation that leads to this root, whatever else they trust. The root's private key is public on purpose
 * (`bio-key-attestation.ts` derives it from a sentence).
 */

/** AAGUID of every virtual bio key, 32 hex digits: the ASCII bytes "countersign demo". */
export const demoAaguid = '636f756e7465727369676e2064656d6f';

/** The X.509 certificate, DER, that every attestation of a virtual bio key leads to. */
export const demoRootCertificate: Uint8Array = Buffer.from(
  `
    MIICQTCCAeegAwIBAgIQAWUqTiJvwOHvZ/FymOc9iDAKBggqhkjOPQQDAjBvMQswCQYDVQQGEwJYWDEsMCoGA1UECgwjQ291bnRlcnNpZ24gZGVtbywgbm90
    IGEgcmVhbCBkZXZpY2UxEjAQBgNVBAsMCURlbW8gcm9vdDEeMBwGA1UEAwwVQ291bnRlcnNpZ24gZGVtbyByb290MCAXDTI1MDEwMTAwMDAwMFoYDzIwNzQx
    MjMxMjM1OTU5WjBvMQswCQYDVQQGEwJYWDEsMCoGA1UECgwjQ291bnRlcnNpZ24gZGVtbywgbm90IGEgcmVhbCBkZXZpY2UxEjAQBgNVBAsMCURlbW8gcm9v
    dDEeMBwGA1UEAwwVQ291bnRlcnNpZ24gZGVtbyByb290MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEZlfOi9aDAaPtYxPH82dBPhHh7Z8IERXfzmtfbFJU
    UL0Tt5vunUNLELFMpEcFcXWKxnu7htKUUwgWtRUG/5Zc6KNjMGEwDwYDVR0TAQH/BAUwAwEB/zAOBgNVHQ8BAf8EBAMCAQYwHQYDVR0OBBYEFAMZs92Rexzt
    duLbCxCIoh2JgyimMB8GA1UdIwQYMBaAFAMZs92RexztduLbCxCIoh2JgyimMAoGCCqGSM49BAMCA0gAMEUCIFcbOOnmpx5fIxv6GABVPT6hvEt2PsluiUAf
    to/+nX6uAiEA/uuNI8r02vRac+zSiVEzbV5A/rNihH6fRSozIDgYY7Q=
  `,
  'base64',
);
