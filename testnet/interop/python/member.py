"""A member without its network: what it knows, how it answers requests (6.6 to 6.14), what it makes of replies."""

import time
from dataclasses import dataclass, field

import statements
from book import Book
from log import LOG_KEY, NoteKey, checked_by_others, leaf_hash, read_checkpoint, read_receipt, verify_checkpoint
from log import verify_receipt_under
from messages import read_message, read_reply
from spec import CHECKS, KINDS, LIMITS
from trust import Trust, compromised
from wire import Key, Refused, encode, need, sha256

PURPOSES = ("statement", "log", "witness", "transport")


def key_for(seed, purpose):
    return Key(sha256(seed, purpose.encode()))


def clock():
    return time.time_ns() // 1_000_000


def entry(member_id, seed, fed, listen, role, country):
    """The rule `member`: what it says of itself to the governance (7.5)."""
    keys = {purpose: key_for(seed, purpose) for purpose in PURPOSES}
    now = clock()
    listed = [{"kid": key.kid, "from": now, "public": key.public, "purpose": purpose} for purpose, key in keys.items()]
    return {
        "id": member_id,
        "keys": sorted(listed, key=lambda key: key["kid"]),
        "logs": [{"key": keys["log"].kid, "state": "open", "origin": f"{fed.hex()}/{member_id}/1"}],
        "owns": {"asns": [], "domains": [], "prefixes": []},
        "names": [["en", member_id]],
        "nodes": [{"key": keys["transport"].kid, "addresses": [listen]}],
        "roles": [role],
        "contact": {"hours": "Mo-Fr 09:00-17:00", "address": f"desk@{member_id}", "time_zone": "Etc/UTC"},
        "languages": ["en"],
        "capacities": [],
        "jurisdictions": [country],
    }


@dataclass
class Case:
    opener: str
    recipient: str
    statements: dict = field(default_factory=dict)  # id -> Statement

    @property
    def parties(self):
        return [self.opener, self.recipient]

    def heads(self):
        """5.2; of more than `HEADS_MAX` any may be left out here."""
        named = {before for said in self.statements.values() for before in said.payload["re"]}
        return sorted(set(self.statements) - named)[: LIMITS["HEADS_MAX"]]


class Member:
    def __init__(self, member_id, seed, charters, rosters):
        self.id = member_id
        self.keys = {purpose: key_for(seed, purpose) for purpose in PURPOSES}
        self.stranger_key = key_for(seed, "stranger")
        self.trust = Trust()
        for charter in charters:
            self.trust.take_charter(charter, clock())
        for roster in rosters:
            self.trust.take_roster(roster, clock())
        own = self.trust.member(member_id)
        if own is None or self.keys["statement"].kid not in [key["kid"] for key in own["keys"]]:
            raise SystemExit(f"{member_id} with these keys is no member")
        self.book = Book(f"{self.trust.fed.hex()}/{member_id}/1", self.keys["log"], clock)
        self.record("log-opened")
        self.cases = {}  # case id -> Case
        self.registered, self.refused = {}, {}  # id of a statement of another -> index of its record, or the refusal
        self.own = set()  # (kind of record, id) of own statements: each is recorded once
        self.inbox = []  # (sender, statement): registered, its receipt sent, and not yet returned by a `wait`
        self.heard = 0  # the highest roster version that a member named

    @property
    def roster(self):
        return self.trust.roster_ref

    def record(self, kind, facts=None, counterpart=None, **members):
        return self.book.append(kind, self.roster, facts, counterpart, **members)

    def record_statement(self, kind, said, counterpart, direction, facts):
        """A record of *all of the statement* (8.7)."""
        return self.record(kind, facts, counterpart, case=said.case, statement=said.id, direction=direction,
                           statement_kind=said.kind)

    def record_own(self, kind, said, to, facts):
        """What a statement of this member came to, however often it was sent."""
        if said and (kind, said.id) not in self.own:
            self.own.add((kind, said.id))
            self.record_statement(kind, said, to, "out", facts)

    # ------------------------------------------------------------------ answering

    def answer_exchange(self, data, sender):
        """6.6 to 6.10: the reply, and what was registered by it."""
        try:
            (version, _), offers = read_message(data, "exchange-request")
            sizes = [len(object_) for _, _, evidence in offers for object_ in evidence]
            need(all(1 <= size <= LIMITS["EVIDENCE_BYTES_MAX"] for size in sizes), "over-limit")
        except Refused:
            return encode([self.roster, None, [[2, "bad-exchange", None]]]), []
        self.heard, new = max(self.heard, version), []
        outcomes = [self._judge(statement, sender, new) for statement, _, _ in offers]
        results = [[0, self.book.receipt(value)] if what == 0 else [what, *value] for what, value in outcomes]
        checkpoint = self.book.checkpoint() if any(what == 0 for what, _ in outcomes) else None
        return encode([self.roster, checkpoint, results]), new

    def _judge(self, data, sender, new):
        """6.7, for one statement: what kind of result, and an index for a receipt or the rest of the result."""
        try:
            said, payload = statements.read_signed(data, self.trust)
            need(said.issuer == sender, "unknown-key")
        except Refused as refused:
            return 2, [refused.code, None]
        if said.id in self.registered:
            return 0, self.registered[said.id]
        if said.id in self.refused:
            return 1, [self.refused[said.id]]
        case = self.cases.get(said.case)
        try:
            statements.open_payload(said, payload)
            statements.may_be_acted_on(said, self.trust, self.id, clock(), case and case.parties)
        except Refused as refused:
            return self._refuse(said, sender, refused.code)
        if case and sum(other.issuer == sender for other in case.statements.values()) >= LIMITS["CASE_STATEMENTS_MAX"]:
            return 2, ["busy", None]
        self.registered[said.id] = self.record_statement("received", said, sender, "in", statements.facts_of(said))
        self.add_to_case(said)
        new.append((sender, said))
        return 0, self.registered[said.id]

    def _refuse(self, said, sender, code):
        """12.3."""
        if CHECKS[code]["answer"] == "unsigned":
            return 2, [code, None]
        refusal = statements.refuse(self.keys["statement"], said.id, sender, code, self.roster)
        if statements.is_final(code):
            self.refused[said.id] = refusal
            self.record("refused", {"code": code}, sender, statement=said.id, direction="in")
        return 1, [refusal]

    def add_to_case(self, said):
        case = self.cases.setdefault(said.case, Case(said.issuer, said.payload["to"]))
        case.statements[said.id] = said

    def answer_roster(self, data, admitted, on_hello):
        """6.13 and 6.14."""
        unknown = encode(["unknown", self.roster])
        try:
            request = read_message(data, "roster-request")
        except Refused:
            return unknown
        if request[0] == "hello":
            self.heard = max(self.heard, request[1][0] if admitted else 0)
            return encode(["hello", self.roster, None if admitted else "not-admitted"])
        if request[0] == "part" and 1 <= request[1] <= len(self.trust.rosters):
            signed, offset = self.trust.rosters[request[1] - 1].signed, request[2]
            part = signed[offset : offset + LIMITS["ROSTER_PART_BYTES_MAX"]]
            return encode(["part", request[1], len(signed), part])
        if request[0] == "since" and not on_hello:
            return self._chain(request[1])
        return unknown

    def _chain(self, version):
        most = LIMITS["ROSTER_CHAIN_MAX"]
        rosters = []
        for kept in self.trust.rosters[max(version, 1) - 1 :]:
            rosters.append(kept.signed)
            beside = self.trust.beside
            rosters += [other.signed for other in beside if other.content["version"] == kept.content["version"]]
        charters = [kept.signed for kept in self.trust.charters[:most]]
        return encode(["chain", charters, rosters[:most], len(rosters) > most])

    def take_chain(self, reply):
        """What a member has sent after `since`: whether something of it was new, and there is more (6.13)."""
        try:
            word, charters, rosters, more = read_message(reply, "roster-reply")
        except (Refused, ValueError):
            return False
        before = self.roster
        takes = [(self.trust.take_charter, signed) for signed in charters]
        takes += [(self.trust.take_roster, signed) for signed in rosters]
        for take, signed in takes:
            try:
                take(signed, clock())
            except Refused:
                continue  # what is not taken is passed over
        return more and self.roster != before

    # -------------------------------------------------------------------- sending

    def make(self, kind, to, body, case_nonce=None, case=None, key=None, iat=None, changed=()):
        """A statement of this member (3.19); with other members of the payload where `changed` says so."""
        case_id = case or statements.case_id(self.id, case_nonce)
        heads = self.cases[case_id].heads() if case_id in self.cases else []
        payload = statements.payload_of(self.trust.fed, to, kind, body, heads, case_nonce) | dict(changed)
        payload = {name: value for name, value in payload.items() if value is not None}
        iat = clock() // 1000 if iat is None else iat
        return statements.make(key or self.keys["statement"], self.id, case_id, iat, payload)

    def offer(self, data, to):
        """Records it before the first attempt (6.12), if it can be read. The request that carries it."""
        try:
            said = statements.unverified(data)
        except Refused:
            said = None
        if said and said.issuer == self.id:
            self.record_own("offered", said, to, statements.facts_of(said))
            if said.case in self.cases or KINDS[said.kind]["opens"]:
                self.add_to_case(said)
        return said, encode([self.roster, [[data, None, []]]])

    def delivered(self, reply, data, said, to):
        """What a reply to one statement comes to, as the contract of a client says it (6.8, 6.9, 8.9)."""
        try:
            (version, _), checkpoint, (result,) = read_reply(reply, 1)
        except Refused as refused:
            return {"wrong": f"the reply cannot be read: {refused.code}"}
        self.heard = max(self.heard, version)
        if result[0] == 2:
            return {"code": result[1], "retry_after": result[2]}
        digest = sha256(data)
        try:
            if result[0] == 1:
                return self._refused_by(result[1], digest, said, to)
            return self._receipted_by(checkpoint, result[1], digest, said, to)
        except Refused as refused:
            self.record("refused", {"code": refused.code}, to, statement=digest, direction="out")
            return {"wrong": refused.code}

    def _refused_by(self, data, digest, said, to):
        """12.4."""

        def public(kid):
            key = self.trust.key(to, kid, "statement")
            return key["public"] if key and not compromised(key, clock()) else None

        refusal = statements.read_object(data, "refusal", public)
        need(refusal["of"] == digest and refusal["to"] == self.id, "of-another-statement")
        if statements.is_final(refusal["code"]):
            self.record_own("refused", said, to, {"code": refusal["code"]})
        return {"refused": refusal["code"]}

    def _receipted_by(self, checkpoint, parts, digest, said, to):
        """8.9, steps 2 to 10, and what libraries that are not ours find."""
        receipt = read_receipt(parts)
        need(checkpoint is not None, "no-checkpoint")
        head = read_checkpoint(checkpoint.encode())
        holder, key = self.trust.log_key(head.origin)
        need(holder == to and not compromised(key, clock()), "log-of-another")
        verify_checkpoint(head, NoteKey(head.origin, LOG_KEY, key["public"]))
        verify_receipt_under(receipt, key["public"], head)
        leaf = receipt.leaf
        need((leaf["kind"], leaf.get("direction")) == ("received", "in"), "not-this-receipt")
        need((leaf.get("statement"), leaf.get("counterpart")) == (digest, self.id), "not-this-receipt")
        others = checked_by_others(receipt, key["public"])
        need(others, "no-library-agrees")
        hash_ = leaf_hash(receipt.leaf_bytes)
        need(said, "receipt-for-nothing")
        self.record_own("sent", said, to, {"receipt": hash_})
        proof = {"leaf": receipt.leaf_bytes.hex(), "index": leaf["index"], "size": receipt.size}
        found = {"statement": said.data.hex(), "id": digest.hex(), "case": said.case.hex()}
        return found | {"receipt": proof, "checked_by": others}
