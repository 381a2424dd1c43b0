"""Takedown requests that are wrong in just one way: what a member must be refused for."""

import os

import cbor2

import statements
from member import clock
from spec import LIMITS
from wire import encode

URL = "https://files.example/wrong"


def takedown(member, to, body=None, case=None, key=None, iat=None, **changed):
    """A sound one, but for what is given."""
    body = statements.takedown_request(URL, clock()) if body is None else body
    return member.make("takedown-request", to, body, os.urandom(16), case, key, iat, changed)


def parts(data):
    return cbor2.loads(data).value


def oversize(member, to):
    sound = takedown(member, to)
    return sound + bytes(LIMITS["STATEMENT_BYTES_MAX"] + 1 - len(sound))


def too_deep(member, to):
    key = member.keys["statement"]
    header = cbor2.loads(parts(takedown(member, to))[0])
    protected, payload = encode(header), b"\x81" * (LIMITS["DEPTH_MAX"] + 1) + b"\x00"
    signature = key.sign(encode(["Signature1", protected, b"", payload]))
    return encode(cbor2.CBORTag(18, [protected, {}, payload, signature]))


def not_canonical(member, to):
    sound = takedown(member, to)
    return sound[:1] + b"\x98\x04" + sound[2:]


def bad_header(member, to):
    protected, _, payload, signature = parts(takedown(member, to))
    return encode(cbor2.CBORTag(18, [protected, {4: member.keys["statement"].kid}, payload, signature]))


def bad_signature(member, to):
    sound = takedown(member, to)
    return sound[:-1] + bytes([sound[-1] ^ 1])


def no_items(member, to):
    return takedown(member, to, body=statements.takedown_request(URL, clock()) | {"items": []})


def a_referral(member, to):
    return member.make("referral", to, statements.referral(URL, clock()), os.urandom(16))


def unknown_case(member, to):
    return member.make("information-request", to, {"asks": ["status"]}, case=os.urandom(16))


WRONGS = {
    "oversize": oversize,
    "too-deep": too_deep,
    "not-canonical": not_canonical,
    "bad-header": bad_header,
    "unknown-key": lambda member, to: takedown(member, to, key=member.stranger_key),
    "bad-signature": bad_signature,
    "bad-payload": lambda member, to: takedown(member, to, handling=None),
    "unknown-kind": lambda member, to: takedown(member, to, kind="greeting"),
    "bad-body": lambda member, to: takedown(member, to, body={}),
    "over-limit": no_items,
    "unknown-critical": lambda member, to: takedown(member, to, ext=[["unknown.example", True, b""]]),
    "wrong-federation": lambda member, to: takedown(member, to, fed=bytes(32)),
    "wrong-recipient": lambda member, to: takedown(member, "elsewhere.example"),
    "wrong-case-id": lambda member, to: takedown(member, to, case=bytes(16)),
    "outside-window": lambda member, to: takedown(member, to, iat=86400),
    "role-forbidden": a_referral,
    "unknown-case": unknown_case,
}
