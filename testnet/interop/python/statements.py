"""Statements: the checks in their order (chapter 3), how one is made, and what is recorded of it (8.7)."""

import os
from dataclasses import dataclass

from spec import CDDL, CHECKS, KINDS, LIMITS, WrongStructure
from wire import NotDeterministic, Refused, content_type, decode, encode, header_of, need, need_depth, outer, sha256
from wire import sign1, signed_object, to_be_signed, verifies


@dataclass
class Statement:
    """What has been read of a statement so far."""

    data: bytes
    id: bytes
    kid: bytes
    issuer: str
    case: bytes
    iat: int
    payload: dict = None
    body: dict = None

    @property
    def kind(self):
        return self.payload["kind"]


# ------------------------------------------------------ the checks, in order


def read_signed(data, trust):
    """`size` to `signature`: up to here nobody can be held to the bytes (3.2 to 3.5). Payload not yet read."""
    need(len(data) <= LIMITS["STATEMENT_BYTES_MAX"], "oversize")
    need_depth(data)
    protected, unprotected, payload, signature = outer(data)
    need_depth(protected)
    if payload is not None:
        need_depth(payload)
    kid, issuer, case, iat = _header(protected)
    need(unprotected == {} and payload is not None, "bad-header")
    key = trust.key(issuer, kid, "statement")
    need(key, "unknown-key")
    need(verifies(key["public"], signature, to_be_signed(protected, payload)), "bad-signature")
    return Statement(data, sha256(data), kid, issuer, bytes.fromhex(case), iat), payload


def _header(protected):
    try:
        header = decode(protected)
        kept = CDDL.check("statement-header", header)
    except (NotDeterministic, WrongStructure):
        raise Refused("bad-header") from None
    need(kept, "bad-header")
    return header[4], header[15][1], header[15][2], header[15][6]


def open_payload(statement, payload):
    """`payload` to `ext` (3.7 to 3.11)."""
    try:
        value = decode(payload)
        within = CDDL.check("payload<tstr, any>", value)
    except (NotDeterministic, WrongStructure):
        raise Refused("bad-payload") from None
    need(value["kind"] in KINDS, "unknown-kind")
    need_depth(value["body"])
    try:
        body = decode(value["body"])
        within = CDDL.check(value["kind"], body) and within
    except (NotDeterministic, WrongStructure):
        raise Refused("bad-body") from None
    _between_members(value["kind"], body)
    need(within, "over-limit")
    need(not any(critical for _, critical, _ in value.get("ext", [])), "unknown-critical")
    statement.payload, statement.body = value, body
    return statement


def _between_members(kind, body):
    """4.4."""
    if kind == "acknowledgement":
        need(body["answer"] != "refused" or "code" in body, "bad-body")
    if kind == "outcome":
        need(all(row[2] != "reinstated" or row[4] is not None for row in body["items"]), "bad-body")


def may_be_acted_on(statement, trust, me, now, parties=None):
    """`federation` to `party` (3.12 to 3.16). This member has closed no log, so no earlier receipt excuses (6.10)."""
    payload, issuer, kind = statement.payload, statement.issuer, KINDS[statement.kind]
    need(payload["fed"] == trust.fed, "wrong-federation")
    need(payload["to"] == me and issuer != me, "wrong-recipient")
    nonce = payload.get("case_nonce")
    need(kind["opens"] == (nonce is not None), "wrong-case-id")
    need(nonce is None or case_id(issuer, nonce) == statement.case, "wrong-case-id")
    at = statement.iat * 1000
    within = at + LIMITS["WINDOW_PAST_MS"] >= now and at <= now + LIMITS["WINDOW_FUTURE_MS"]
    need(within, "outside-window")
    key = trust.key(issuer, statement.kid, "statement")
    in_force = trust.roles(issuer, now) and trust.valid(issuer, key, at, now)
    need(trust.takes(statement.kind, now) and in_force, "not-in-force")
    need(trust.allows(issuer, statement.kind, me, now), "role-forbidden")
    need(parties or kind["opens"], "unknown-case")
    if parties:
        sides = {"opener": parties[:1], "recipient": parties[1:], "either": parties}
        need({issuer, me} == set(parties) and issuer in sides[kind["side"]], "wrong-party")


def check(data, trust, me, now, recorded=False, parties=None):
    """All checks of a statement as one."""
    statement, payload = read_signed(data, trust)
    need(not recorded, "known")
    open_payload(statement, payload)
    may_be_acted_on(statement, trust, me, now, parties)
    return statement


def unverified(data):
    """A statement that has passed its checks elsewhere: of our own, or of a story."""
    protected, _, payload, _ = outer(data)
    kid, issuer, case, iat = _header(protected)
    return open_payload(Statement(data, sha256(data), kid, issuer, bytes.fromhex(case), iat), payload)


# ------------------------------------------------------------ making one, 3.19


def case_id(issuer, nonce):
    return sha256(b"comity-case/1", bytes([len(issuer)]), issuer.encode(), nonce)[:16]


def parent_commitment(nonce, case, statement_id):
    return sha256(b"comity-parent/1", nonce, case, statement_id)


def make(key, issuer, case, iat, payload, kid=None):
    header = {1: -8, 3: content_type("statement"), 4: kid or key.kid, 15: {1: issuer, 2: case.hex(), 6: iat}}
    return sign1(key, header, encode(payload))


def payload_of(fed, to, kind, body, re=(), case_nonce=None):
    payload = {
        "v": 1,
        "re": sorted(re),
        "to": to,
        "fed": fed,
        "body": encode(body),
        "kind": kind,
        "nonce": os.urandom(16),
        "handling": {"lang": "en", "audience": "case-staff", "sensitive": "none", "notify_uploader": "allowed"},
    }
    return payload | ({"case_nonce": case_nonce} if case_nonce else {})


def item(number, url):
    return {"n": number, "scope": "this-location", "hosting": [], "locator": {"url": url}, "assessments": []}


def takedown_request(url, now):
    return {
        "asked": [["content", "removed"]],
        "basis": [{"nature": "notice", "good_faith": True, "instrument": "dsa", "jurisdiction": "NL"}],
        "items": [item(1, url)],
        "clocks": [],
        "urgency": "routine",
        "capacity": "service",
        "reference": "interop-1",
        "requester": {"attested": False, "capacity": "hotline"},
        "assessed_at": now,
    }


def referral(url, now):
    return {
        "done": [],
        "items": [item(1, url)],
        "reason": "competence",
        "urgency": "routine",
        "clearance": "none-needed",
        "reference": "interop-1",
        "assessed_at": now,
        "reported_at": now,
    }


# ------------------------------------------------------------- refusals, 12.4


def refuse(key, of, to, code, roster_ref):
    payload = {"of": of, "to": to, "code": code, "roster": roster_ref}
    return sign1(key, header_of("refusal", key.kid), encode(payload))


def is_final(code):
    """Whether a signed refusal with this code can never become anything else (12.3)."""
    return code in CHECKS and CHECKS[code]["answer"] == "signed" and not CHECKS[code]["again"]


def read_object(data, name, public):
    """A signed object that is no statement, under a key that the caller answers for (12.6). `public`: of a kid."""
    limit, content_type = SIGNED_OBJECTS[name]
    kid, protected, payload, signature = signed_object(data, limit, content_type)
    try:
        value = decode(payload)
        within = CDDL.check(f"{name.removeprefix('signed-')}-payload", value)
    except (NotDeterministic, WrongStructure):
        raise Refused("bad-payload") from None
    need(within, "over-limit")
    key = public(kid)
    need(key is not None and verifies(key, signature, to_be_signed(protected, payload)), "bad-signature")
    return value


SIGNED_OBJECTS = {  # the longest, and the word of its content type
    "refusal": ("STATEMENT_BYTES_MAX", "refusal"),
    "sequences": ("EVIDENCE_BYTES_MAX", "sequences"),
    "restored": ("EVIDENCE_BYTES_MAX", "restored"),
    "finding-notice": ("FINDING_BYTES_MAX", "finding"),
    "signed-finding-reply": ("FINDING_BYTES_MAX", "finding-reply"),
}


# ---------------------------------------------------------- facts of one, 8.7


def facts_of(statement, parent=None):
    """What a record says of what a statement says, without its salt."""
    body, kind = statement.body, statement.kind
    facts = {"claimed": statement.iat * 1000, "re": statement.payload["re"], "parent": parent}
    takes = {name for name, kinds in FACTS.items() if kind in kinds}
    facts |= {name: body.get(name) for name in takes}
    if kind in ("takedown-request", "referral"):
        facts["standing"] = _standing(body["items"])
    if KINDS[kind]["opens"]:
        countries = [hosting.get("country") for item in body["items"] for hosting in item["hosting"]]
        countries += [ground["jurisdiction"] for ground in body.get("basis", [])]
        facts["jurisdictions"] = sorted({country for country in countries if country})
    if kind == "outcome":
        facts["items"] = [[n, r, answer, measures, max((m["effective_at"] for m in measures), default=None)]
                          for n, r, answer, measures, *_ in body["items"]]
        automated = all(row[3] and all(measure["automated"] for measure in row[3]) for row in body["items"])
        facts["by"] = "automation" if automated else "person"
    if kind == "observation":
        facts["items"] = [[n, r, result, [], at] for n, r, result, _, _, at in body["items"]]
    if kind in ("resolution", "hold", "release"):
        facts["code"] = body.get("result")
    if kind == "erasure-notice":
        facts["code"] = body["ground"]
    return {name: value for name, value in facts.items() if value is not None and value != []}


FACTS = {  # members that are copied from the body as they are
    "urgency": {"takedown-request", "referral", "transfer", "amendment"},
    "reported_at": {"takedown-request", "referral"},
    "clocks": {"takedown-request"},
    "by": {"acknowledgement", "hold", "release"},
    "code": {"acknowledgement", "withdrawal", "dispute"},
    "answer": {"acknowledgement"},
    "basis": {"outcome", "observation", "withdrawal"},
    "complete": {"outcome"},
    "until": {"hold", "release"},
}


def _standing(items):
    rows = {}
    for entry in items:
        for country, standing in entry["assessments"][0]["standing"] if entry["assessments"] else []:
            rows.setdefault(country, standing)
    return [[country, rows[country]] for country in sorted(rows)][:64]
