/**
 * Models of security keys with a fingerprint sensor in them, by AAGUID as their makers publish it. None was tried as a physical device; a station's own list
 * ("fingerprint": {"models"} in station.json) takes the place of this one.
 */
export const biometricModels: readonly { readonly aaguid: string; readonly name: string }[] = [
  { aaguid: 'd8522d9f-575b-4866-88a9-ba99fa02f35b', name: 'YubiKey Bio, FIDO edition (firmware 5.5, 5.6)' },
  { aaguid: 'dd86a2da-86a0-4cbe-b462-4bd31f57bc6f', name: 'YubiKey Bio, FIDO edition (firmware 5.7)' },
  { aaguid: '7409272d-1ff9-4e10-9fc9-ac0019c124fd', name: 'YubiKey Bio, FIDO edition (firmware 5.7)' },
  { aaguid: '7d1351a6-e097-4852-b8bf-c9ac5c9ce4a3', name: 'YubiKey Bio, multi-protocol edition (firmware 5.6)' },
  { aaguid: '90636e1f-ef82-43bf-bdcf-5255f139d12f', name: 'YubiKey Bio, multi-protocol edition (firmware 5.7)' },
  { aaguid: '34744913-4f57-4e6e-a527-e9ec3c4b94e6', name: 'YubiKey Bio, multi-protocol edition (firmware 5.7)' },
  { aaguid: '77010bd7-212a-4fc9-b236-d2ca5e9d4084', name: 'Feitian BioPass FIDO2' },
  { aaguid: 'b6ede29c-3772-412c-8a78-539c1f4c62d2', name: 'Feitian BioPass FIDO2 Plus' },
  { aaguid: '42df17de-06ba-4177-a2bb-6701be1380d6', name: 'Feitian BioPass FIDO2 Plus' },
  { aaguid: '4c0cf95d-2f40-43b5-ba42-4c83a11c04ba', name: 'Feitian BioPass FIDO2 Pro' },
  { aaguid: '12ded745-4bed-47d4-abaa-e713f51d6393', name: 'Feitian AllinPass FIDO2' },
  { aaguid: '95442b2e-f15e-4def-b270-efb106facb4e', name: 'TrustKey G310' },
  { aaguid: '87dbc5a1-4c94-4dc8-8a47-97d800fd1f3c', name: 'TrustKey G320' },
  { aaguid: 'e416201b-afeb-41ca-a03d-2281c28322aa', name: 'AuthenTrend ATKey.Pro (CTAP 2.1)' },
  { aaguid: 'ba76a271-6eb6-4171-874d-b6428dbe3437', name: 'AuthenTrend ATKey.Pro (CTAP 2.1, firmware 5)' },
];
