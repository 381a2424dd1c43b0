"""Bytes before they mean anything: CBOR, keys, signatures and COSE_Sign1 (chapter 2 of the specification).

Values are Python's own: int, bytes, str, list, dict, bool, None. `Tag` and `Odd` are in no structure of the
specification, but may be in the unprotected header of somebody else (2.12, step 1).
"""

import hashlib
import struct
from dataclasses import dataclass

import cbor2
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from spec import CDDL, LIMITS, WrongStructure


class Refused(Exception):
    """The first check that failed, by its one code (12)."""

    def __init__(self, code, check=None):
        super().__init__(code)
        self.code, self.check = code, check


def need(holds, code):
    if not holds:
        raise Refused(code)


# ---------------------------------------------------------------- CBOR, 2.2


class NotDeterministic(Exception):
    """The bytes are not the one deterministic encoding of a data item."""


@dataclass(frozen=True)
class Tag:
    number: int
    value: object


@dataclass(frozen=True)
class Odd:
    """A number with a fraction, or a key of a map that is neither number nor string: by its bytes."""

    encoded: bytes


def encode(value):
    """Only structures of the specification are encoded, and their keys have one order by either of CBOR's rules."""
    return cbor2.dumps(value, canonical=True)


def decode(data):
    value, end = _item(data, 0)
    if end != len(data):
        raise NotDeterministic("bytes follow the data item")
    return value


def _head(data, at):
    """One head: its major type, additional information, argument, and where it ends."""
    if at >= len(data):
        raise NotDeterministic("the bytes end early")
    major, info = data[at] >> 5, data[at] & 31
    if info < 24:
        return major, info, info, at + 1
    width = {24: 1, 25: 2, 26: 4, 27: 8}.get(info)
    if width is None or at + 1 + width > len(data):
        raise NotDeterministic("an indefinite length, or the bytes end early")
    argument = int.from_bytes(data[at + 1 : at + 1 + width], "big")
    if major != 7 and argument < (24, 1 << 8, 1 << 16, 1 << 32)[info - 24]:
        raise NotDeterministic("not the shortest head")
    return major, info, argument, at + 1 + width


def _item(data, at):
    start = at
    major, info, argument, at = _head(data, at)
    if major == 0:
        return argument, at
    if major == 1:
        return -1 - argument, at
    if major in (2, 3):
        if at + argument > len(data):
            raise NotDeterministic("the bytes end early")
        piece = bytes(data[at : at + argument])
        try:
            return (piece if major == 2 else piece.decode("utf-8")), at + argument
        except UnicodeDecodeError:
            raise NotDeterministic("a text is not UTF-8") from None
    if major == 4:
        values = []
        for _ in range(argument):
            value, at = _item(data, at)
            values.append(value)
        return values, at
    if major == 5:
        return _map(data, at, argument)
    if major == 6:
        value, at = _item(data, at)
        if argument in (2, 3) and isinstance(value, bytes) and (len(value) <= 8 or value[0] == 0):
            raise NotDeterministic("a bignum that is not the shortest form of its number")
        return Tag(argument, value), at
    if info in (20, 21, 22):
        return {20: False, 21: True, 22: None}[info], at
    if info in (25, 26, 27) and _shortest_float(data[start:at]):
        return Odd(bytes(data[start:at])), at
    raise NotDeterministic("a simple value that there is not")


def _map(data, at, length):
    result, last = {}, None
    for _ in range(length):
        start = at
        key, at = _item(data, at)
        encoded = bytes(data[start:at])
        if last is not None and encoded <= last:
            raise NotDeterministic("the keys of a map are not in strictly rising order")
        last = encoded
        if not isinstance(key, (int, str, bytes)) or isinstance(key, bool):
            key = Odd(encoded)
        result[key], at = _item(data, at)
    return result, at


def _shortest_float(encoded):
    formats = {3: ">e", 5: ">f", 9: ">d"}
    number = struct.unpack(formats[len(encoded)], encoded[1:])[0]
    if number != number:
        return encoded == b"\xf9\x7e\x00"
    for length in (3, 5):
        if length < len(encoded):
            try:
                if struct.unpack(formats[length], struct.pack(formats[length], number))[0] == number:
                    return False
            except OverflowError:
                pass
    return True


def depth(data):
    """How deep the bytes nest, without decoding or recursing (2.4)."""
    endless, opened, deepest, at = object(), [], 0, 0
    while at < len(data):
        major, info = data[at] >> 5, data[at] & 31
        width = {24: 1, 25: 2, 26: 4, 27: 8}.get(info, 0)
        if 28 <= info <= 30 or at + 1 + width > len(data):
            return deepest
        argument = None if info == 31 else int.from_bytes(data[at + 1 : at + 1 + width], "big") if width else info
        at += 1 + width
        if major == 7 and argument is None:
            if opened:
                opened.pop()
        elif opened and opened[-1] is not endless:
            opened[-1] -= 1
        if major in (2, 3) and argument is not None:
            at += argument
            if at > len(data):
                return deepest
        elif 2 <= major <= 6:
            deepest = max(deepest, len(opened) + 1)
            if deepest > LIMITS["DEPTH_MAX"]:
                return deepest
            children = argument if major == 4 else argument and 2 * argument if major == 5 else 1
            opened.append(endless if argument is None and major != 6 else children)
        while opened and opened[-1] == 0:
            opened.pop()
        if not opened:
            return deepest
    return deepest


def items(data):
    """How many data items a message has, its own head included; strings are not looked into (6.5)."""
    count = at = 0
    while at < len(data):
        major, info = data[at] >> 5, data[at] & 31
        width = {24: 1, 25: 2, 26: 4, 27: 8}.get(info, 0)
        argument = int.from_bytes(data[at + 1 : at + 1 + width], "big") if width else info
        count += 1
        at += 1 + width + (argument if major in (2, 3) and info != 31 else 0)
    return count


def need_depth(data, code="too-deep"):
    need(depth(data) <= LIMITS["DEPTH_MAX"], code)


def read(data, rule, limit=None):
    """An object that is not signed (12.6): checks 1, 2, 5, 6."""
    need(limit is None or len(data) <= LIMITS[limit], "oversize")
    need_depth(data)
    try:
        value = decode(data)
        within = CDDL.check(rule, value)
    except (NotDeterministic, WrongStructure):
        raise Refused("bad-payload") from None
    need(within, "over-limit")
    return value


# ---------------------------------------------------- keys and signatures


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def kid_of(public):
    """The COSE key thumbprint (2.11)."""
    return sha256(bytes.fromhex("a301012006215820"), public)


P = 2**255 - 19
D = -121665 * pow(121666, -1, P) % P
SMALL_ORDER = {  # canonical encodings of the eight points of small order (2.13)
    bytes.fromhex(text)
    for text in (
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0000000000000000000000000000000000000000000000000000000000000080",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    )
}


def usable(public):
    """The canonical encoding of a point of the curve that is not of small order (2.11)."""
    y = int.from_bytes(public, "little") & (2**255 - 1)
    if y >= P or y in (1, P - 1) or public in SMALL_ORDER:
        return False
    x_squared = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    return pow(x_squared, (P - 1) // 2, P) == 1


def verifies(public, signature, message):
    """Strictly (2.13): OpenSSL makes tests 1 and 4, tests 2 and 3 are made here."""
    if len(signature) != 64 or signature[:32] in SMALL_ORDER or not usable(public):
        return False
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
        return True
    except (InvalidSignature, ValueError):
        return False


class Key:
    """A key pair from its seed (RFC 8032)."""

    def __init__(self, seed):
        self.seed = seed
        self._private = Ed25519PrivateKey.from_private_bytes(seed)
        self.public = self._private.public_key().public_bytes_raw()
        self.kid = kid_of(self.public)

    def sign(self, message):
        return self._private.sign(message)


# ------------------------------------------------------- COSE_Sign1, 2.12


def content_type(name):
    return f"application/comity-{name}+cbor"


def header_of(name, kid):
    return {1: -8, 3: content_type(name), 4: kid}


def to_be_signed(protected, payload):
    return encode(["Signature1", protected, b"", payload])


def sign1(key, header, payload):
    protected = encode(header)
    return encode(cbor2.CBORTag(18, [protected, {}, payload, key.sign(to_be_signed(protected, payload))]))


def outer(data):
    """Step 1: the four parts of a COSE_Sign1."""
    try:
        value = decode(data)
    except NotDeterministic:
        raise Refused("not-canonical") from None
    parts = value.value if isinstance(value, Tag) and value.number == 18 else None
    need(isinstance(parts, list) and [type(part) for part in parts[:2]] == [bytes, dict], "not-canonical")
    need(len(parts) == 4 and isinstance(parts[2], (bytes, type(None))), "not-canonical")
    need(isinstance(parts[3], bytes) and len(parts[3]) == 64, "not-canonical")
    return parts


def signed_object(data, limit, name):
    """An object of 12.6 that is signed: checks 1 to 4. Its kid, protected header, payload and signature."""
    need(len(data) <= LIMITS[limit], "oversize")
    need_depth(data)
    protected, unprotected, payload, signature = outer(data)
    need_depth(protected)
    if payload is not None:
        need_depth(payload)
    try:
        header = decode(protected)
    except NotDeterministic:
        raise Refused("bad-header") from None
    kid = header.get(4) if isinstance(header, dict) else None
    need(isinstance(kid, bytes) and len(kid) == 32 and protected == encode(header_of(name, kid)), "bad-header")
    need(unprotected == {} and payload is not None, "bad-header")
    return kid, protected, payload, signature
