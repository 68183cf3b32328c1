"""An independent client (Debian's python3-fido2, by Yubico) drives a virtual bio key over a unix socket that carries reports of 64 bytes."""

import hashlib
import os
import socket
import sys
import threading

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from fido2.attestation import PackedAttestation
from fido2.cose import ES256
from fido2.ctap import CtapError
from fido2.ctap2 import ClientPin, Ctap2
from fido2.ctap2.bio import CaptureError, FPBioEnrollment
from fido2.ctap2.pin import PinProtocolV1, PinProtocolV2
from fido2.hid import CtapHidDevice
from fido2.hid.base import CtapHidConnection, HidDescriptor

RP_ID = "station.example"
# python-fido2 0.9 misspells the name of this one.
UV_BLOCKED = 0x3C


class SocketConnection(CtapHidConnection):
    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path)
        self.rest = b""

    def read_packet(self):
        while len(self.rest) < 64:
            more = self.socket.recv(4096)
            if not more:
                raise OSError("the key went away")
            self.rest += more
        packet, self.rest = self.rest[:64], self.rest[64:]
        return packet

    def write_packet(self, data):
        self.socket.sendall(data)

    def close(self):
        self.socket.close()


def expect(error, call):
    try:
        call()
    except CtapError as caught:
        assert caught.code == error, "%s instead of %s" % (caught.code, error)
    else:
        raise AssertionError("no error instead of %s" % error)


def main(path, root):
    device = CtapHidDevice(HidDescriptor(path, 0, 0, 64, 64), SocketConnection(path))
    long = os.urandom(7609)
    assert device.ping(long) == long
    ctap = Ctap2(device)
    info = ctap.info
    assert info.options["uv"] and info.options["pinUvAuthToken"] and info.options["bioEnroll"]
    assert info.pin_uv_protocols == [2, 1]
    assert info.options["clientPin"] is False

    for protocol in (PinProtocolV1(), PinProtocolV2()):
        pin = ClientPin(ctap, protocol)
        challenge = os.urandom(32)
        token = pin.get_uv_token(ClientPin.PERMISSION.MAKE_CREDENTIAL, RP_ID)
        seen = []
        made = ctap.make_credential(
            challenge,
            {"id": RP_ID, "name": "Station"},
            {"id": b"holder", "name": "holder"},
            [{"type": "public-key", "alg": -7}],
            pin_uv_protocol=protocol.VERSION,
            pin_uv_param=protocol.authenticate(token, challenge),
            on_keepalive=seen.append,
        )
        result = PackedAttestation().verify(made.att_statement, made.auth_data, challenge)
        leaf = x509.load_der_x509_certificate(result.trust_path[0])
        with open(root, "rb") as file:
            issuer = x509.load_der_x509_certificate(file.read())
        assert leaf.issuer == issuer.subject
        issuer.public_key().verify(leaf.signature, leaf.tbs_certificate_bytes, ec.ECDSA(hashes.SHA256()))
        credential = made.auth_data.credential_data
        assert isinstance(credential.public_key, ES256)

        # The token is spent: it makes nothing more.
        expect(
            CtapError.ERR.PIN_AUTH_INVALID,
            lambda: ctap.get_assertion(
                RP_ID,
                challenge,
                [{"type": "public-key", "id": credential.credential_id}],
                pin_uv_protocol=protocol.VERSION,
                pin_uv_param=protocol.authenticate(token, challenge),
            ),
        )
        counter = made.auth_data.counter
        for _ in range(2):
            consent = os.urandom(32)
            token = pin.get_uv_token(ClientPin.PERMISSION.GET_ASSERTION, RP_ID)
            answer = ctap.get_assertion(
                RP_ID,
                consent,
                [{"type": "public-key", "id": credential.credential_id}],
                pin_uv_protocol=protocol.VERSION,
                pin_uv_param=protocol.authenticate(token, consent),
            )
            answer.verify(consent, credential.public_key)
            assert answer.auth_data.is_user_present() and answer.auth_data.is_user_verified()
            assert answer.auth_data.rp_id_hash == hashlib.sha256(RP_ID.encode()).digest()
            assert answer.auth_data.counter > counter
            counter = answer.auth_data.counter

    # The key now meets a finger that it does not know.
    print("wrong finger", flush=True)
    assert sys.stdin.readline() == "laid on\n"
    token = lambda: ClientPin(ctap).get_uv_token(ClientPin.PERMISSION.GET_ASSERTION, RP_ID)
    expect(CtapError.ERR.UV_INVALID, token)
    assert ClientPin(ctap).get_uv_retries()[0] == 2
    expect(CtapError.ERR.UV_INVALID, token)
    expect(UV_BLOCKED, token)
    expect(UV_BLOCKED, token)

    # Nobody touches it, and the client thinks better of it.
    print("no finger", flush=True)
    assert sys.stdin.readline() == "unlocked\n"
    event = threading.Event()
    expect(
        CtapError.ERR.KEEPALIVE_CANCEL,
        lambda: ctap.get_assertion(
            RP_ID,
            os.urandom(32),
            [{"type": "public-key", "id": credential.credential_id}],
            event=event,
            on_keepalive=lambda _: event.set(),
        ),
    )
    officer(ctap)
    print("done", flush=True)


def officer(ctap):
    """A PIN with both protocols, and the enrolment of a finger under both numbers of the command."""
    pins = ["12345678", "87654321 \u00e4\u20ac", "11112222"]
    ClientPin(ctap, PinProtocolV1()).set_pin(pins[0])
    expect(CtapError.ERR.PIN_AUTH_INVALID, lambda: ClientPin(ctap).set_pin(pins[1]))
    expect(CtapError.ERR.PIN_POLICY_VIOLATION, lambda: ClientPin(ctap).change_pin(pins[0], "1\u00e42\u0000"))
    for protocol, old, new in ((PinProtocolV2(), *pins[:2]), (PinProtocolV1(), *pins[1:])):
        pin = ClientPin(ctap, protocol)
        pin.change_pin(old, new)
        expect(CtapError.ERR.PIN_INVALID, lambda: pin.get_pin_token(old, ClientPin.PERMISSION.BIO_ENROLL))
        assert pin.get_pin_retries() == (7, False), pin.get_pin_retries()
        token = pin.get_pin_token(new, ClientPin.PERMISSION.BIO_ENROLL)
        assert pin.get_pin_retries() == (8, False)
        bio = FPBioEnrollment(ctap, protocol, token)
        assert bio.get_fingerprint_sensor_info() == {2: 1, 3: 4, 8: 64}
        before = bio.enumerate_enrollments()
        print("finger to enrol", flush=True)
        assert sys.stdin.readline() == "coming\n"
        enrolling = bio.enroll(timeout=5000)
        seen = []
        while enrolling.remaining != 0:
            try:
                enrolling.capture()
                seen.append(0)
            except CaptureError as caught:
                seen.append(int(caught.code))
        assert seen == [7, 0, 5, 0, 0, 10, 0], seen
        bio.set_name(enrolling.template_id, "left \u00e4")
        assert bio.enumerate_enrollments() == {**before, enrolling.template_id: "left \u00e4"}
        bio.remove_enrollment(enrolling.template_id)
        expect(CtapError.ERR.INVALID_OPTION, lambda: bio.remove_enrollment(enrolling.template_id))
        assert bio.enumerate_enrollments() == before

    # A token for credentials enrols no finger.
    token = pin.get_pin_token(new, ClientPin.PERMISSION.GET_ASSERTION, RP_ID)
    expect(CtapError.ERR.PIN_AUTH_INVALID, lambda: FPBioEnrollment(ctap, protocol, token).enumerate_enrollments())
    # Three wrong PINs in a row, and it wants to be unplugged.
    wrong = lambda: pin.get_pin_token("00000000", ClientPin.PERMISSION.BIO_ENROLL)
    expect(CtapError.ERR.PIN_INVALID, wrong)
    expect(CtapError.ERR.PIN_INVALID, wrong)
    expect(CtapError.ERR.PIN_AUTH_BLOCKED, wrong)
    assert pin.get_pin_retries() == (5, True)
    expect(CtapError.ERR.PIN_AUTH_BLOCKED, lambda: pin.get_pin_token(new, ClientPin.PERMISSION.BIO_ENROLL))


main(*sys.argv[1:])
