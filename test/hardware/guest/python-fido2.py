"""Debian's python3-fido2 uses the fingerprint reader that it finds on hidraw: a credential and an assertion by a finger, with both PIN protocols."""

import os

from fido2.attestation import PackedAttestation
from fido2.ctap2 import ClientPin, Ctap2
from fido2.ctap2.pin import PinProtocolV1, PinProtocolV2
from fido2.hid import CtapHidDevice
from cryptography.exceptions import InvalidSignature

RP_ID = "python.example"

device = next(CtapHidDevice.list_devices())
print("%04x:%04x" % (device.descriptor.vid, device.descriptor.pid))
ctap = Ctap2(device)
for protocol in (PinProtocolV1(), PinProtocolV2()):
    client = ClientPin(ctap, protocol)
    challenge = os.urandom(32)
    token = client.get_uv_token(ClientPin.PERMISSION.MAKE_CREDENTIAL, RP_ID)
    made = ctap.make_credential(
        challenge,
        {"id": RP_ID, "name": "Station"},
        {"id": os.urandom(16), "name": "holder"},
        [{"type": "public-key", "alg": -7}],
        pin_uv_protocol=protocol.VERSION,
        pin_uv_param=protocol.authenticate(token, challenge),
    )
    PackedAttestation().verify(made.att_statement, made.auth_data, challenge)
    credential = made.auth_data.credential_data
    consent = os.urandom(32)
    token = client.get_uv_token(ClientPin.PERMISSION.GET_ASSERTION, RP_ID)
    answer = ctap.get_assertion(
        RP_ID,
        consent,
        [{"type": "public-key", "id": credential.credential_id}],
        pin_uv_protocol=protocol.VERSION,
        pin_uv_param=protocol.authenticate(token, consent),
    )
    answer.verify(consent, credential.public_key)
    assert answer.auth_data.is_user_present() and answer.auth_data.is_user_verified()
    print("protocol %d: verified" % protocol.VERSION)

try:
    answer.verify(os.urandom(32), credential.public_key)
except InvalidSignature:
    print("changed: refused")
