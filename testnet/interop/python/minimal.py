"""A minimal member in one file: section 6.17 of the specification as a program, on packages that are not ours.

    minimal.py member --id ID --seed HEX --fed HEX --listen MULTIADDR --role ROLE --country CC OUT
    minimal.py run    --id ID --seed HEX --listen MULTIADDR --charter FILE … --roster FILE …

Its commands are in ../README.md. What it leaves to a member in earnest:
- to keep its log on a disk, synced before the reply (8.12): this one forgets, so a log of its is good for one run;
- newer rosters (6.13), trying again (6.12), the fold and its answers (5.9), audits (10), facts but for times, records of
  refusals and to repeat their bytes (8.7, 12.3);
- of charters and rosters: two of one version (7.8), the times in them, how keys end (7.7.1), who is in force when the newest
  has run out (7.10: here nobody), what members own. A weak key fails when it is used, not when it is listed;
- of statements: whether the sender may say this in this case (3.16), a wrong structure told from a value over its limit
  (2.8), rules between members (4.4), depth (2.4), sorted lists, counts of items (6.5); of checkpoints, lines of others (8.4).
"""

import json
import os
import re
import sys
import time
import tomllib
from base64 import b64decode, b64encode
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace

import cbor2
import trio
from cddl_verifier import Validator
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from libp2p import new_host
from libp2p.crypto.ed25519 import create_new_key_pair
from libp2p.network.stream.exceptions import StreamEOF
from libp2p.peer.id import ID
from libp2p.peer.peerinfo import PeerInfo
from multiaddr import Multiaddr
from nacl.exceptions import CryptoError
from nacl.signing import SigningKey, VerifyKey
from scitt_cose.merkle import inclusion_proof, merkle_root
from scitt_cose.receipt import verify_receipt

# ------------------------------------------------------------------------------ what the specification has as data

SPEC = Path(__file__).parents[3] / "protocol-spec"
REGISTRY = {name: tomllib.loads((SPEC / f"registries/{name}.toml").read_text())["values"] for name in ("check", "kind", "limit")}
SIGNED = {row["code"] for row in REGISTRY["check"] if row["answer"] == "signed"}
OPENS = {row["id"]: row["opens"] for row in REGISTRY["kind"]}
LIMITS = {row["id"]: row["value"] for row in REGISTRY["limit"] if row["owner"] in ("wire", "trust") and "value" in row}
EXCHANGE, ROSTER, HELLO = "/comity/exchange/1", "/comity/roster/1", "/comity/hello/1"
LONGEST = {EXCHANGE: "EXCHANGE_REQUEST_BYTES_MAX", ROSTER: "SMALL_REQUEST_BYTES_MAX", HELLO: "SMALL_REQUEST_BYTES_MAX"}
VECTORS = json.loads((SPEC / "vectors/statement-accepted.json").read_text())
EXAMPLES = {row["expect"]["ok"]["kind"]: cbor2.loads(cbor2.loads(bytes.fromhex(row["hex"])).value[2])
            for row in VECTORS if row["name"] in ("accepted-takedown-request", "accepted-referral")}
# An object within another one is only bytes at first, and is judged on its own (6.5): the rules without what is embedded.
RULES = Validator(re.sub(r"bstr \.cbor (\{[^}]*\}|[\w-]+(<[^>]*>)?)", "bstr", (SPEC / "comity.cddl").read_text()) + """
any-payload = payload<tstr, any>
any-sign1 = #6.18([bstr, {* any => any}, bstr / null, signature])
receipt-header = {1: -8, 4: kid, 395: 1}
refusal-header = {1: -8, 3: "application/comity-refusal+cbor", 4: kid}
""")

# --------------------------------------------------------------------------------------- bytes, keys and signatures

class Refused(Exception):
    """The first check that does not hold."""

def need(holds, code):
    if not holds:
        raise Refused(code)

def encode(value):
    return cbor2.dumps(value, canonical=True)

def digest(*parts):
    return sha256(b"".join(parts)).digest()

def clock():
    return time.time_ns() // 1_000_000

def read(data, rule, code, limit="EXCHANGE_REQUEST_BYTES_MAX"):
    """The value that these bytes are the one encoding of, if the rule allows it."""
    need(len(data) <= LIMITS[limit], "oversize")
    try:
        value = cbor2.loads(data)
        same = encode(value) == data
    except Exception:  # whatever a library says of bytes that are no CBOR
        raise Refused(code) from None
    need(same and RULES.validate(data, rule).valid, code)
    return value

def kid_of(public):
    return digest(bytes.fromhex("a301012006215820"), public)  # 2.11

def to_be_signed(protected, payload):
    return encode(["Signature1", protected, b"", payload])

def header(name, kid):
    return {1: -8, 3: f"application/comity-{name}+cbor", 4: kid}

def verifies(public, signature, message):
    """Strictly: PyNaCl makes tests 1 to 3 of section 2.13, OpenSSL makes tests 1 and 4."""
    try:
        VerifyKey(public).verify(message, signature)
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
        return True
    except (CryptoError, InvalidSignature, ValueError):
        return False

def read_sign1(data, rule, find):
    """Header and payload of a signed object, and the key that `find` has for the header: `size` to `signature`."""
    protected, unprotected, payload, signature = read(data, "any-sign1", "not-canonical", "STATEMENT_BYTES_MAX").value
    head = read(protected, rule, "bad-header")
    need(unprotected == {} and payload is not None, "bad-header")
    key = find(head)
    need(key, "unknown-key")
    need(verifies(key["public"], signature, to_be_signed(protected, payload)), "bad-signature")
    return head, payload, key

class Key:
    def __init__(self, seed, purpose):
        self.seed = digest(seed, purpose.encode())
        self.public = bytes(SigningKey(self.seed).verify_key)
        self.kid = kid_of(self.public)

    def sign(self, message):
        return SigningKey(self.seed).sign(message).signature

    def sign1(self, head, payload):
        protected = encode(head)
        return encode(cbor2.CBORTag(18, [protected, {}, payload, self.sign(to_be_signed(protected, payload))]))

# -------------------------------------------------------------------- step 3: charters, rosters, who may do what (7)

class Federation:
    def __init__(self, charters, rosters):
        self.charters, self.rosters, self.keys, self.logs = [], [], {}, {}  # keys, logs: all that were ever listed
        for name, taken, files in (("charter", self.charters, charters), ("roster", self.rosters, rosters)):
            for signed in files:
                self.take(name, taken, *read(signed, f"signed-{name}", "bad-payload"))
        self.fed, newest = self.charters[0]["hash"], self.rosters[-1]
        self.reference, self.expires = [newest["version"], newest["hash"]], newest["expires"]
        self.members = {member["id"]: member for member in newest["members"]}
        self.matrix = self.charter_for(newest)["matrix"]

    def charter_for(self, roster):
        return [charter for charter in self.charters if charter["first_roster"] <= roster["version"]][-1]

    def take(self, name, taken, payload, signatures):
        """One more: signed by `k` keys of each charter that has a say, and following the one before it."""
        new = read(payload, name, "bad-payload") | {"hash": digest(payload)}
        charters = [*taken[-1:], new] if name == "charter" else [self.charter_for(new)]
        publics = {kid_of(public): public for charter in charters for public in charter["keys"]}
        for kid, signature in signatures:
            need(kid in publics, "wrong-signer")
            need(verifies(publics[kid], signature, to_be_signed(encode(header(name, kid)), payload)), "bad-signature")
        for charter in charters:
            need(len({kid for kid, _ in signatures} & set(map(kid_of, charter["keys"]))) >= charter["k"], "threshold")
        before = taken[-1]["hash"] if taken else None if name == "charter" else self.charters[0]["hash"]
        need((new["version"], new.get("previous")) == (len(taken) + 1, before), "wrong-previous")
        taken.append(new)
        if name == "roster":
            need((new["fed"], new["charter"]) == (self.charters[0]["hash"], charters[0]["hash"]), "wrong-charter")
            for member in new["members"]:
                self.list(member["id"], member, new["fed"].hex())

    def list(self, name, member, fed):
        """A key has one holder and one purpose for ever, a log has one key, and no key vanishes."""
        for key in member["keys"]:
            holder, old = self.keys.get(key["kid"], (name, key))
            need(key["kid"] == kid_of(key["public"]) and holder == name, "key-reused")
            need((old["purpose"], old["from"]) == (key["purpose"], key["from"]), "key-changed")
            self.keys[key["kid"]] = name, key
        need(sum(holder == name for holder, _ in self.keys.values()) == len(member["keys"]), "key-vanished")
        for number, log in enumerate(member["logs"], 1):
            need(log["origin"] == f"{fed}/{name}/{number}" and self.key(name, log["key"], "log"), "foreign-origin")
            need(self.logs.setdefault(log["origin"], log["key"]) == log["key"], "log-changed")

    def key(self, name, kid, purpose):
        holder, key = self.keys.get(kid, (None, {}))
        return key if (holder, key.get("purpose")) == (name, purpose) else None

    def trusted(self, name, kid, purpose):
        """A key that nobody may have stolen by now, as far as is known."""
        key = self.key(name, kid, purpose)
        stolen = key["ended"]["compromised-since"] if key and isinstance(key.get("ended"), dict) else clock() + 1
        return key if key and clock() < stolen else None

    def roles(self, name, kid, purpose, at):
        """Its roles, if it is in force and the key for what it signed at that time (7.9, 7.10, in whole seconds)."""
        key = self.trusted(name, kid, purpose)
        held = key and key["from"] // 1000 <= at // 1000 <= key.get("until", at) // 1000
        return self.members[name]["roles"] if held and name in self.members and clock() < self.expires else []

    def admitted(self, public):
        kid = kid_of(public)
        holder, _ = self.keys.get(kid, (None, None))
        listed = [node["key"] for node in self.members.get(holder, {"nodes": []})["nodes"]]
        return holder if kid in listed and self.roles(holder, kid, "transport", clock()) else None

# -------------------------------------------------------------------------------- steps 4, 6 and 12: its own log (8)

def head_of(origin, size, root, public):
    """The three lines of a checkpoint, and the id of the key that signs them (8.4)."""
    return f"{origin}\n{size}\n{b64encode(root).decode()}\n", digest(origin.encode(), b"\n\1", public)[:4]

class Log:
    def __init__(self, origin, key, reference):
        self.origin, self.key, self.reference, self.leaves, self.spoil = origin, key, reference, [], False
        self.append("log-opened")

    def append(self, kind, counterpart=None, facts=None, **more):
        leaf = {"v": 1, "kind": kind, "salt": os.urandom(16), "index": len(self.leaves), "roster": self.reference} | more
        before = [cbor2.loads(bytes.fromhex(old)) for old in self.leaves]
        leaf["time"] = max([clock()] + [old["time"] for old in before])
        if counterpart:
            seq = sum(old.get("counterpart") == counterpart for old in before)
            leaf |= {"counterpart": counterpart, "seq": seq, "facts": digest(encode({"salt": os.urandom(16)} | facts))}
        self.leaves.append(encode(leaf).hex())
        return leaf["index"]

    def checkpoint(self):
        text, key_id = head_of(self.origin, len(self.leaves), bytes.fromhex(merkle_root(self.leaves)), self.key.public)
        return f"{text}\n— {self.origin} {b64encode(key_id + self.key.sign(text.encode())).decode()}\n"

    def receipt(self, index):
        path = [bytes.fromhex(sibling) for sibling in inclusion_proof(self.leaves, index)]
        protected, proof = encode({1: -8, 4: self.key.kid, 395: 1}), encode([len(self.leaves), index, path])
        signature = self.key.sign(to_be_signed(protected, bytes.fromhex(merkle_root(self.leaves))))
        if self.spoil:
            signature, self.spoil = signature[:-1] + bytes([signature[-1] ^ 1]), False
        cose = encode(cbor2.CBORTag(18, [protected, {396: {-1: [proof]}}, None, signature]))
        return [bytes.fromhex(self.leaves[index]), cose]

# ----------------------------------------------------------------- steps 5 to 14: what it says, judges and believes

def case_of(issuer, nonce):
    return digest(b"comity-case/1", bytes([len(issuer)]), issuer.encode(), nonce)[:16]

class Member:
    def __init__(self, name, seed, charters, rosters):
        self.name, self.federation, self.cases, self.recorded = name, Federation(charters, rosters), set(), {}
        self.keys = {purpose: Key(seed, purpose) for purpose in ("statement", "log", "transport", "stranger")}
        self.kid, self.reference = self.keys["statement"].kid, self.federation.reference
        need(self.roles(), "not a member, or not with these keys")
        self.log = Log(f"{self.federation.fed.hex()}/{name}/1", self.keys["log"], self.reference)

    def roles(self):
        return self.federation.roles(self.name, self.kid, "statement", clock())

    def make(self, to, url, kind="takedown-request", at=None, **changed):
        """A request like the one in the vectors, about that URL; `changed` where it shall be wrong."""
        now, nonce, like = clock(), os.urandom(16), EXAMPLES[kind if kind in EXAMPLES else "takedown-request"]
        body = cbor2.loads(like["body"])
        body = body | {"items": [body["items"][0] | {"locator": {"url": url}}], "assessed_at": now}
        payload = like | {"to": to, "fed": self.federation.fed, "body": encode(body), "kind": kind, "nonce": os.urandom(16)}
        claims = {1: self.name, 2: case_of(self.name, nonce).hex(), 6: at or now // 1000}
        head = header("statement", self.kid) | {15: claims}
        return self.keys["statement"].sign1(head, encode(payload | {"case_nonce": nonce} | changed))

    def make_wrong(self, to, what):
        change = {"unknown-kind": {"kind": "greeting"}, "wrong-federation": {"fed": bytes(32)}, "outside-window": {"at": 86400},
                  "wrong-recipient": {"to": "elsewhere.example"}, "role-forbidden": {"kind": "referral"}}
        made = self.make(**{"to": to, "url": "https://files.example/wrong"} | change.get(what, {}))
        spoiled = {"not-canonical": made[:1] + b"\x98\x04" + made[2:], "bad-signature": made[:-1] + bytes([made[-1] ^ 1])}
        return made if what in change else spoiled[what]

    def read(self, data):
        """A statement, up to `signature`: before that nobody can be held to it (3.2 to 3.5)."""
        find = lambda head: self.federation.key(head[15][1], head[4], "statement")
        head, payload, key = read_sign1(data, "statement-header", find)
        return SimpleNamespace(statement=data, id=digest(data), by=head[15][1], case=bytes.fromhex(head[15][2]),
                               at=head[15][6] * 1000, kid=key["kid"], payload=payload)

    def open(self, said):
        """`payload` to `ext` (3.7 to 3.11)."""
        said.payload = read(said.payload, "any-payload", "bad-payload")
        said.kind = said.payload["kind"]
        need(said.kind in OPENS, "unknown-kind")
        said.body = read(said.payload["body"], said.kind, "bad-body")
        need(not any(critical for _, critical, _ in said.payload.get("ext", [])), "unknown-critical")
        return said

    def may_be_acted_on(self, said):
        """`federation` to `case` (3.12 to 3.16)."""
        payload, nonce = said.payload, said.payload.get("case_nonce")
        need(payload["fed"] == self.federation.fed, "wrong-federation")
        need(payload["to"] == self.name != said.by, "wrong-recipient")
        need(OPENS[said.kind] == (nonce is not None) and (not nonce or case_of(said.by, nonce) == said.case), "wrong-case-id")
        need(-LIMITS["WINDOW_FUTURE_MS"] <= clock() - said.at <= LIMITS["WINDOW_PAST_MS"], "outside-window")
        roles = self.federation.roles(said.by, said.kid, "statement", said.at)
        need(roles, "not-in-force")
        rows = [[role, said.kind, own] for role in roles for own in self.roles()]
        need(any(row in self.federation.matrix for row in rows), "role-forbidden")
        need(OPENS[said.kind] or said.case in self.cases, "unknown-case")

    def record(self, kind, said, counterpart, direction, facts):
        """All of the statement, once (8.7)."""
        if (kind, said.id) not in self.recorded:
            of = {"case": said.case, "statement": said.id, "statement_kind": said.kind, "direction": direction}
            self.recorded[kind, said.id] = self.log.append(kind, counterpart, facts, **of)
            self.cases.add(said.case)

    def offer(self, data, to):
        """Steps 5 to 7. What its own maker cannot read is not recorded: it was made to be refused."""
        try:
            said = self.open(self.read(data))
            self.record("offered", said, to, "out", {"claimed": said.at})
        except Refused:
            pass
        return encode([self.reference, [[data, None, []]]])

    def judge_reply(self, reply, data, to):
        """Steps 8 and 9."""
        try:
            _, checkpoint, results = read(reply, "exchange-reply", "unreadable", "EXCHANGE_REPLY_BYTES_MAX")
            need(len(results) == 1, "unreadable")
            sort, found, *wait = results[0]
            if sort == 2:
                return {"code": found, "retry_after": wait[0]}
            return self.believe(found, checkpoint, data, to) if sort == 0 else self.be_refused(found, data, to)
        except (Refused, ValueError) as wrong:
            return {"wrong": str(wrong)}

    def be_refused(self, refusal, data, to):
        """12.4."""
        _, payload, _ = read_sign1(refusal, "refusal-header", lambda head: self.federation.trusted(to, head[4], "statement"))
        told = read(payload, "refusal-payload", "bad-payload")
        need((told["of"], told["to"]) == (digest(data), self.name), "of-another-statement")
        return {"refused": told["code"]}

    def believe(self, receipt, checkpoint, data, to):
        """8.9. A library judges the proof; what that leaves open, and the checkpoint, is judged here."""
        leaf_bytes, cose = receipt
        leaf = read(leaf_bytes, "leaf", "bad-payload", "LEAF_BYTES_MAX")
        need(not any(critical for _, critical, _ in leaf.get("ext", [])), "unknown-critical")
        protected, unprotected, _, signature = read(cose, "cose-receipt", "bad-header", "EVIDENCE_BYTES_MAX").value
        size, index, _ = read(unprotected[396][-1][0], "inclusion-proof", "bad-payload")
        key = self.federation.trusted(to, read(protected, "receipt-header", "bad-header")[4], "log")
        need(key, "log-of-another")
        pem = Ed25519PublicKey.from_public_bytes(key["public"]).public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        found = verify_receipt(cose, leaf_entry_hex=leaf_bytes.hex(), log_public_key_pem=pem)
        need(found.ok and (found.tree_size, found.leaf_index) == (size, index) and leaf["index"] == index, "not-proven")
        root = bytes.fromhex(found.root)
        need(verifies(key["public"], signature, to_be_signed(protected, root)), "bad-signature")
        origin = next(origin for origin, kid in self.federation.logs.items() if kid == key["kid"])
        text, key_id = head_of(origin, size, root, key["public"])
        need(checkpoint and checkpoint.startswith(text + "\n"), "receipt-checkpoint-is-another")
        lines = [line.split(" ") for line in checkpoint.removeprefix(text + "\n").splitlines()]
        heads = [b64decode(line[2]) for line in lines if line[:2] == ["—", origin]]
        heads = [head[4:] for head in heads if head[:4] == key_id]
        need(heads and all(verifies(key["public"], head, text.encode()) for head in heads), "note-not-signed")
        need((leaf["kind"], leaf.get("direction")) == ("received", "in"), "not-this-receipt")
        need((leaf.get("statement"), leaf.get("counterpart")) == (digest(data), self.name), "not-this-receipt")
        said = self.open(self.read(data))
        self.record("sent", said, to, "out", {"receipt": digest(b"\0", leaf_bytes)})
        return {"statement": data, "id": said.id, "case": said.case, "checked_by": ["scitt-cose"],
                "receipt": {"leaf": leaf_bytes, "index": index, "size": size}}

    def answer(self, request, sender):
        """Steps 11 to 14: the reply, and what is new."""
        try:
            _, offers = read(request, "exchange-request", "bad-exchange")
        except Refused:
            return encode([self.reference, None, [[2, "bad-exchange", None]]]), []
        new = []
        judged = [self.judge(data, sender, new) for data, _, _ in offers]
        results = [[0, self.log.receipt(found)] if isinstance(found, int) else found for found in judged]
        return encode([self.reference, self.log.checkpoint(), results]), new

    def judge(self, data, sender, new):
        """6.7: the index of a record, or a result without a receipt."""
        said = None
        try:
            said = self.read(data)
            need(said.by == sender, "unknown-key")
            if ("received", said.id) not in self.recorded:
                self.may_be_acted_on(self.open(said))
                self.record("received", said, sender, "in", {"claimed": said.at})
                new.append(said)
            return self.recorded["received", said.id]
        except Refused as refused:
            if said is None or str(refused) not in SIGNED:
                return [2, str(refused), None]
            payload = {"of": said.id, "to": sender, "code": str(refused), "roster": self.reference}
            return [1, self.keys["statement"].sign1(header("refusal", self.kid), encode(payload))]

# ------------------------------------------------------------------------- steps 7, 10 and 15: streams of libp2p (6.3)

async def read_to_end(stream, limit):
    data, part = b"", b"-"
    while part:
        try:
            part = await stream.read(65536)
        except StreamEOF:
            part = b""
        data += part
        need(len(data) <= LIMITS[limit], "more bytes than the protocol allows")
    return data

def host_of(key):
    return new_host(key_pair=create_new_key_pair(key.seed), muxer_preference="YAMUX")

class Node:
    def __init__(self, member, host):
        self.member, self.host, self.inbox, self.arrived = member, host, [], trio.Condition()
        for protocol in LONGEST:
            host.set_stream_handler(protocol, lambda stream, protocol=protocol: self.serve(stream, protocol))

    async def serve(self, stream, protocol):
        """Who is not admitted is answered unread, but for a hello (6.4, 6.14). No rosters are given."""
        admitted, public, request, new = self.member.federation.admitted, stream.muxed_conn.peer_id.to_bytes()[6:], b"", []
        try:
            with trio.fail_after(LIMITS["HELLO_TIME_MS_MAX" if protocol == HELLO else "EXCHANGE_TIME_MS_MAX"] / 1000):
                if protocol == HELLO or admitted(public):
                    request = await read_to_end(stream, LONGEST[protocol])
                reply = encode(["hello", self.member.reference, None if admitted(public) else "not-admitted"])
                if protocol == EXCHANGE and request and admitted(public):
                    reply, new = self.member.answer(request, admitted(public))
                elif request and not request.startswith(b"\x82\x65hello"):
                    reply = encode(["unknown", self.member.reference])
                await stream.write(reply)
                await stream.close()
            async with self.arrived:
                self.inbox += new
                self.arrived.notify_all()
        except Exception as error:  # whatever a peer does costs its own stream, and no more
            print(f"{protocol}: {error!r}", file=sys.stderr)
            await stream.reset()

    async def ask(self, to, protocol, request, host=None):
        """At the first address of the first node of a member; the key that the roster lists has to answer (6.1)."""
        node, host = self.member.federation.members[to]["nodes"][0], host or self.host
        public = self.member.federation.key(to, node["key"], "transport")["public"]
        peer = ID(bytes.fromhex("002408011220") + public)
        with trio.fail_after(LIMITS["EXCHANGE_TIME_MS_MAX"] / 1000):
            await host.connect(PeerInfo(peer, [Multiaddr(node["addresses"][0].split("/p2p/")[0])]))
            stream = await host.new_stream(peer, [protocol])
            await stream.write(request)
            await stream.close_write()
            return await read_to_end(stream, "EXCHANGE_REPLY_BYTES_MAX")

    async def deliver(self, to, data, request=None):
        request = request or self.member.offer(data, to)
        try:
            reply = await self.ask(to, EXCHANGE, request)
        except Exception as error:  # each layer of the library has its own
            return {"closed": repr(error)}
        return self.member.judge_reply(reply, data, to)

    async def do(self, do, to=None, url=None, statement="", what=None, kind=None):
        member = self.member
        if do in ("request", "send", "send-wrong"):
            if what == "bad-exchange":
                return await self.deliver(to, b"", encode([]))
            make = {"request": lambda: member.make(to, url), "send-wrong": lambda: member.make_wrong(to, what)}
            return await self.deliver(to, make.get(do, lambda: bytes.fromhex(statement))())
        if do == "wait":
            async with self.arrived:
                while not (found := [said for said in self.inbox if said.kind == kind]):
                    await self.arrived.wait()
            self.inbox.remove(found[0])
            told = vars(found[0]) | {"from": found[0].by}
            return {name: told[name] for name in ("statement", "id", "kind", "from", "case", "body")}
        if do == "stranger":
            asked, codes = {"hello": HELLO, "exchange": EXCHANGE}, {}
            async with (host := host_of(member.keys["stranger"])).run(listen_addrs=[]):
                for name, protocol in asked.items():
                    reply = await self.ask(to, protocol, encode(["hello", member.reference]), host)
                    codes[name] = read(reply, "roster-reply", "unreadable")[2]
            return codes
        member.log.spoil = do == "bad-receipt"
        return {"done": True}

# --------------------------------------------------------------------------- step 2, its entry; and the command line

def entry(id, seed, fed, listen, role, country):
    keys = {purpose: Key(bytes.fromhex(seed), purpose) for purpose in ("statement", "log", "witness", "transport")}
    listed = [{"kid": key.kid, "from": clock(), "public": key.public, "purpose": purpose} for purpose, key in keys.items()]
    return {"id": id, "keys": sorted(listed, key=lambda key: key["kid"]), "names": [["en", id]], "roles": [role],
            "logs": [{"key": keys["log"].kid, "state": "open", "origin": f"{fed}/{id}/1"}],
            "nodes": [{"key": keys["transport"].kid, "addresses": [listen]}], "languages": ["en"], "capacities": [],
            "owns": {"asns": [], "domains": [], "prefixes": []}, "jurisdictions": [country],
            "contact": {"hours": "Mo-Fr 09:00-17:00", "address": f"desk@{id}", "time_zone": "Etc/UTC"}}

def say(answer):
    print(json.dumps(answer, default=bytes.hex), flush=True)

async def run(name, seed, listen, charters, rosters):
    member = Member(name, bytes.fromhex(seed), *([Path(file).read_bytes() for file in files] for files in (charters, rosters)))
    host = host_of(member.keys["transport"])
    async with host.run(listen_addrs=[Multiaddr(listen)]):
        node, command = Node(member, host), {"do": "run"}
        say({"ready": [str(address) for address in host.get_transport_addrs()], "peer": str(host.get_id())})
        while command["do"] != "quit" and (line := await trio.to_thread.run_sync(sys.stdin.readline)):
            command = json.loads(line)
            say(await node.do(**command))

def main(command, *words):
    given = {}
    for word in words:
        if word.startswith("--"):
            values = given.setdefault(word, [])
        else:
            values.append(word)
    charters, rosters = given.pop("--charter", []), given.pop("--roster", [])
    options = {option[2:]: values[0] for option, values in given.items()}
    if command == "run":
        trio.run(run, options["id"], options["seed"], options["listen"], charters, rosters)
    else:
        Path(words[-1]).write_bytes(encode(entry(**options)))

if __name__ == "__main__":
    main(*sys.argv[1:])
