"""An independent client (Debian's libfido2, by Yubico) drives a virtual bio key over a unix socket that carries reports of 64 bytes."""

import ctypes
import os
import socket
import sys

lib = ctypes.CDLL("libfido2.so.1")
OK, INVALID_OPTION, DB_FULL, PIN_INVALID, PIN_AUTH_BLOCKED, UV_INVALID, NOT_ALLOWED = 0, 0x2C, 0x17, 0x31, 0x34, 0x3F, 0x30
ES256, TRUE, FALSE = -7, 2, 1
RP_ID = b"station.example"
PIN = b"12345678"

OPEN = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_char_p)
CLOSE = ctypes.CFUNCTYPE(None, ctypes.c_void_p)
READ = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.POINTER(ctypes.c_ubyte), ctypes.c_size_t, ctypes.c_int)
WRITE = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.POINTER(ctypes.c_ubyte), ctypes.c_size_t)


class Io(ctypes.Structure):
    _fields_ = [("open", OPEN), ("close", CLOSE), ("read", READ), ("write", WRITE)]


def pointer(name, *args):
    function = getattr(lib, name)
    function.restype = ctypes.c_void_p
    return ctypes.c_void_p(function(*args))


def bytes_of(kind, what, owner):
    length = getattr(lib, "fido_%s_%s_len" % (kind, what))
    length.restype = ctypes.c_size_t
    return ctypes.string_at(pointer("fido_%s_%s_ptr" % (kind, what), owner), length(owner))


def expect(code, got, what):
    assert got == code, "%s: 0x%02x instead of 0x%02x" % (what, got, code)


class Key:
    """The device as libfido2 sees it, over our socket."""

    def __init__(self, path):
        self.path = path
        self.io = Io(OPEN(self.open), CLOSE(self.close), READ(self.read), WRITE(self.write))
        self.dev = pointer("fido_dev_new")
        expect(OK, lib.fido_dev_set_io_functions(self.dev, ctypes.byref(self.io)), "io functions")
        expect(OK, lib.fido_dev_open(self.dev, path.encode()), "open")

    def open(self, _path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(self.path)
        self.rest = b""
        return 1

    def close(self, _handle):
        self.socket.close()

    def read(self, _handle, into, length, ms):
        self.socket.settimeout(None if ms < 0 else ms / 1000)
        try:
            while len(self.rest) < 64:
                more = self.socket.recv(4096)
                if not more:
                    return -1
                self.rest += more
        except OSError:
            return -1
        ctypes.memmove(into, self.rest[:64], 64)
        self.rest = self.rest[64:]
        return 64

    def write(self, _handle, data, length):
        # In front stands the number of the report, which is not on the cable.
        self.socket.sendall(ctypes.string_at(data, length)[1:])
        return length


def say(line, answer):
    print(line, flush=True)
    assert sys.stdin.readline() == answer + "\n"


def fingers(dev, code=OK):
    listed = pointer("fido_bio_template_array_new")
    expect(code, lib.fido_bio_dev_get_template_array(dev, listed, PIN), "list of fingers")
    if code != OK:
        return []
    lib.fido_bio_template_array_count.restype = ctypes.c_size_t
    name = lib.fido_bio_template_name
    name.restype = ctypes.c_char_p
    count = lib.fido_bio_template_array_count(listed)
    templates = [pointer("fido_bio_template", listed, ctypes.c_size_t(index)) for index in range(count)]
    return [(template, name(template)) for template in templates]


def enrol(dev, feedback, name):
    template, enrolling = pointer("fido_bio_template_new"), pointer("fido_bio_enroll_new")
    lib.fido_bio_enroll_last_status.restype = ctypes.c_ubyte
    lib.fido_bio_enroll_remaining_samples.restype = ctypes.c_ubyte
    seen = []
    expect(OK, lib.fido_bio_dev_enroll_begin(dev, template, enrolling, 5000, PIN), "enrol")
    seen.append(lib.fido_bio_enroll_last_status(enrolling))
    while lib.fido_bio_enroll_remaining_samples(enrolling) > 0:
        expect(OK, lib.fido_bio_dev_enroll_continue(dev, template, enrolling, 5000), "next sample")
        seen.append(lib.fido_bio_enroll_last_status(enrolling))
    assert seen == feedback, seen
    expect(OK, lib.fido_bio_template_set_name(template, name), "name")
    expect(OK, lib.fido_bio_dev_set_template_name(dev, template, PIN), "name on the key")
    return template


def make(dev, pin):
    cred = pointer("fido_cred_new")
    user = os.urandom(16)
    expect(OK, lib.fido_cred_set_type(cred, ES256), "type")
    expect(OK, lib.fido_cred_set_rp(cred, RP_ID, b"Station"), "rp")
    expect(OK, lib.fido_cred_set_user(cred, user, ctypes.c_size_t(16), b"holder", b"Holder", None), "user")
    expect(OK, lib.fido_cred_set_clientdata_hash(cred, os.urandom(32), ctypes.c_size_t(32)), "hash")
    expect(OK, lib.fido_cred_set_uv(cred, TRUE), "uv")
    expect(OK, lib.fido_dev_make_cred(dev, cred, pin), "make credential")
    expect(OK, lib.fido_cred_verify(cred), "attestation")
    return bytes_of("cred", "id", cred), bytes_of("cred", "pubkey", cred)


def sign(dev, identity, pin, code=OK):
    credential, public = identity
    assertion = pointer("fido_assert_new")
    expect(OK, lib.fido_assert_set_rp(assertion, RP_ID), "rp")
    expect(OK, lib.fido_assert_set_clientdata_hash(assertion, os.urandom(32), ctypes.c_size_t(32)), "hash")
    expect(OK, lib.fido_assert_allow_cred(assertion, credential, ctypes.c_size_t(len(credential))), "credential")
    expect(OK, lib.fido_assert_set_uv(assertion, TRUE), "uv")
    expect(code, lib.fido_dev_get_assert(dev, assertion, pin), "assertion")
    if code != OK:
        return
    key = pointer("es256_pk_new")
    expect(OK, lib.es256_pk_from_ptr(key, public, ctypes.c_size_t(len(public))), "public key")
    expect(OK, lib.fido_assert_verify(assertion, ctypes.c_size_t(0), ES256, key), "signature")
    lib.fido_assert_set_clientdata_hash(assertion, os.urandom(32), ctypes.c_size_t(32))
    assert lib.fido_assert_verify(assertion, ctypes.c_size_t(0), ES256, key) != OK


def main(path, _root):
    lib.fido_init(0)
    key = Key(path)
    dev = key.dev
    lib.fido_dev_is_fido2.restype = lib.fido_dev_supports_pin.restype = lib.fido_dev_has_pin.restype = ctypes.c_bool
    lib.fido_dev_has_uv.restype = lib.fido_dev_supports_permissions.restype = ctypes.c_bool
    assert lib.fido_dev_is_fido2(dev) and lib.fido_dev_supports_pin(dev) and lib.fido_dev_supports_permissions(dev)
    assert lib.fido_dev_has_uv(dev) and not lib.fido_dev_has_pin(dev)

    expect(OK, lib.fido_dev_set_pin(dev, PIN, None), "set PIN")
    expect(OK, lib.fido_dev_set_pin(dev, b"other-pin", PIN), "change PIN")
    expect(OK, lib.fido_dev_set_pin(dev, PIN, b"other-pin"), "change it back")
    expect(PIN_INVALID, lib.fido_dev_set_pin(dev, PIN, b"wrong-pin"), "wrong PIN")
    tries = ctypes.c_int()
    expect(OK, lib.fido_dev_get_retry_count(dev, ctypes.byref(tries)), "tries")
    assert tries.value == 7, tries.value

    info = pointer("fido_bio_info_new")
    expect(OK, lib.fido_bio_dev_get_info(dev, info), "sensor")
    lib.fido_bio_info_type.restype = lib.fido_bio_info_max_samples.restype = ctypes.c_ubyte
    assert (lib.fido_bio_info_type(info), lib.fido_bio_info_max_samples(info)) == (1, 4)
    assert [name for _, name in fingers(dev)] == [b""]
    say("finger to enrol", "coming")
    added = enrol(dev, [7, 0, 5, 0, 0, 10, 0], "left \u00e4".encode())
    assert [name for _, name in fingers(dev)] == [b"", "left \u00e4".encode()]
    expect(OK, lib.fido_bio_dev_enroll_remove(dev, added, PIN), "remove")
    expect(INVALID_OPTION, lib.fido_bio_dev_enroll_remove(dev, added, PIN), "remove again")
    assert len(fingers(dev)) == 1

    identity = make(dev, None)
    sign(dev, identity, None)
    sign(dev, identity, PIN)
    say("wrong finger", "laid on")
    sign(dev, identity, None, UV_INVALID)
    expect(OK, lib.fido_dev_get_uv_retry_count(dev, ctypes.byref(tries)), "tries of a finger")
    assert tries.value == 2, tries.value
    for code in (PIN_INVALID, PIN_INVALID, PIN_AUTH_BLOCKED, PIN_AUTH_BLOCKED):
        expect(code, lib.fido_dev_set_pin(dev, PIN, b"wrong-pin"), "wrong PIN in a row")
    expect(OK, lib.fido_dev_reset(dev), "reset")
    print("done", flush=True)


main(*sys.argv[1:])
