"""A minimal member in one file: section 6.17 of the specification as a program, on packages that are not ours.

    minimal.py member --id ID --seed HEX --fed HEX --listen MULTIADDR --role ROLE --country CC OUT
    minimal.py run    --id ID --seed HEX --listen MULTIADDR --charter FILE … --roster FILE …

Its commands are in ../README.md. What it leaves to a member in earnest:
- a log on a disk, synced before the reply (8.12): this one forgets, so a log of its is good for one run;
- newer rosters (6.13), trying again (6.12), the fold (5.9), audits (10), most records and facts (8.7), repeating a
  refusal (12.3); it dials a member's first node. Of a charter: `first_roster`, and `k` against its keys;
- of rosters: two of one version (7.8), their times, how keys end or change (7.7.1; any `compromised-since` counts), who
  is in force past the end (7.10: none), what members own, forms of origins. A weak key fails when it is used;
- of statements: known cases (3.16), limits (2.8), rules of 4.4, depth, sorted lists; of checkpoints, others' lines.
"""
import json, os, re, sys, time, tomllib
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
CHECK, KIND, LIMIT = [
    tomllib.loads((SPEC / f"registries/{name}.toml").read_text())["values"] for name in ("check", "kind", "limit")]
SIGNED = {row["code"] for row in CHECK if row["answer"] == "signed"}
OPENS = {row["id"]: row["opens"] for row in KIND}
LIMITS = {row["id"]: row["value"] for row in LIMIT if row["owner"] in ("wire", "trust") and "value" in row}
EXCHANGE, ROSTER, HELLO = "/comity/exchange/1", "/comity/roster/1", "/comity/hello/1"
LONGEST = {EXCHANGE: "EXCHANGE_REQUEST_BYTES_MAX"} | dict.fromkeys((ROSTER, HELLO), "SMALL_REQUEST_BYTES_MAX")
MODELS = {row["name"]: cbor2.loads(cbor2.loads(bytes.fromhex(row["hex"])).value[2])
          for row in json.loads((SPEC / "vectors/statement-accepted.json").read_text())}
# An object within another one is only bytes at first, and judged on its own (6.5): the rules without what is embedded.
RULES = Validator(re.sub(r"bstr \.cbor (\{[^}]*\}|[\w-]+(<[^>]*>)?)", "bstr", (SPEC / "comity.cddl").read_text()) + """
any-payload = payload<tstr, any>
any-sign1 = #6.18([bstr, {* any => any}, bstr / null, signature])
receipt-header = {1: -8, 4: kid, 395: 1}
refusal-head = {1: -8, 3: "application/comity-refusal+cbor", 4: kid}
""")
# --------------------------------------------------------------------------------------- bytes, keys and signatures
class Refused(Exception): """The first check that does not hold."""
def need(holds, code):
    if not holds:
        raise Refused(code)
def encode(value):
    return cbor2.dumps(value, canonical=True)
def digest(*parts):
    return sha256(b"".join(parts)).digest()
def clock():
    return time.time_ns() // 1_000_000
def read(data, rule, code, limit="EXCHANGE_REQUEST_BYTES_MAX"):  # the value of the one encoding of a rule
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
def verifies(public, signature, message):  # strictly (2.13): PyNaCl has tests 1 to 3, OpenSSL has 1 and 4
    try:
        VerifyKey(public).verify(message, signature)
        return Ed25519PublicKey.from_public_bytes(public).verify(signature, message) is None
    except (CryptoError, InvalidSignature, ValueError):
        return False
def read_sign1(data, rule, find):  # `size` to `signature`; `find` has the key for a header
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
    def take(self, name, taken, payload, signatures):  # `k` of each charter that has a say signed it
        new = read(payload, name, "bad-payload") | {"hash": digest(payload)}
        charters = [*taken[-1:], new] if name == "charter" else [self.charter_for(new)]
        publics = {kid_of(public): public for charter in charters for public in charter["keys"]}
        need(all(kid in publics and verifies(publics[kid], signature, to_be_signed(encode(header(name, kid)), payload))
                 for kid, signature in signatures), "bad-signature")
        for charter in charters:
            need(len({kid for kid, _ in signatures} & set(map(kid_of, charter["keys"]))) >= charter["k"], "threshold")
        before = taken[-1]["hash"] if taken else None if name == "charter" else self.charters[0]["hash"]
        need((new["version"], new.get("previous")) == (len(taken) + 1, before), "wrong-previous")
        taken.append(new)
        if name == "roster":
            need((new["fed"], new["charter"]) == (self.charters[0]["hash"], charters[0]["hash"]), "wrong-charter")
            for member in new["members"]:
                self.list(member["id"], member)
    def list(self, name, member):
        for key in member["keys"]:
            holder, _ = self.keys.get(key["kid"], (name, key))
            need(key["kid"] == kid_of(key["public"]) and holder == name, "key-reused")
            self.keys[key["kid"]] = name, key
        need(sum(holder == name for holder, _ in self.keys.values()) == len(member["keys"]), "key-vanished")
        need(all(self.logs.setdefault(log["origin"], log["key"]) == log["key"] for log in member["logs"]), "log-reused")
    def key(self, name, kid, purpose):
        holder, key = self.keys.get(kid, (None, {}))
        return key if (holder, key.get("purpose")) == (name, purpose) else None
    def trusted(self, name, kid, purpose):
        key = self.key(name, kid, purpose)  # if nobody can have stolen it by now, as far as is known
        return key if key and not isinstance(key.get("ended"), dict) else None
    def roles(self, name, kid, purpose, at):  # in force, and the key in its time (7.9, 7.10)
        key = self.trusted(name, kid, purpose)
        held = key and key["from"] // 1000 <= at // 1000 <= key.get("until", at) // 1000
        return self.members[name]["roles"] if held and name in self.members and clock() < self.expires else []
    def admitted(self, public):
        kid = kid_of(public)
        listed = [name for name, member in self.members.items() for node in member["nodes"] if node["key"] == kid]
        return listed[0] if listed and self.roles(listed[0], kid, "transport", clock()) else None
# -------------------------------------------------------------------------------- steps 4, 6 and 12: its own log (8)
def head_of(origin, size, root, public):  # the text, and the id of the key (8.4)
    return f"{origin}\n{size}\n{b64encode(root).decode()}\n", digest(origin.encode(), b"\n\1", public)[:4]
class Log:
    def __init__(self, origin, key, roster):
        self.origin, self.key, self.roster, self.leaves, self.spoil = origin, key, roster, [], False
        self.append("log-opened")
    def append(self, kind, counterpart=None, facts=None, **more):
        leaf = more | {"v": 1, "kind": kind, "salt": os.urandom(16), "index": len(self.leaves), "roster": self.roster}
        before = [cbor2.loads(bytes.fromhex(old)) for old in self.leaves]
        leaf["time"] = max([clock()] + [old["time"] for old in before])
        if counterpart:
            seq = sum(old.get("counterpart") == counterpart for old in before)
            leaf |= {"counterpart": counterpart, "seq": seq, "facts": digest(encode({"salt": os.urandom(16)} | facts))}
        self.leaves.append(encode(leaf).hex())
        return leaf["index"]
    def root(self):
        return bytes.fromhex(merkle_root(self.leaves))
    def checkpoint(self):
        text, key_id = head_of(self.origin, len(self.leaves), self.root(), self.key.public)
        return f"{text}\n— {self.origin} {b64encode(key_id + self.key.sign(text.encode())).decode()}\n"
    def receipt(self, index):
        path = [bytes.fromhex(sibling) for sibling in inclusion_proof(self.leaves, index)]
        protected, proof = encode({1: -8, 4: self.key.kid, 395: 1}), encode([len(self.leaves), index, path])
        signature = self.key.sign(to_be_signed(protected, self.root()))
        if self.spoil:
            signature, self.spoil = signature[:-1] + bytes([signature[-1] ^ 1]), False
        cose = encode(cbor2.CBORTag(18, [protected, {396: {-1: [proof]}}, None, signature]))
        return [bytes.fromhex(self.leaves[index]), cose]
# ----------------------------------------------------------------- steps 5 to 14: what it says, judges and believes
def case_of(issuer, nonce):
    return digest(b"comity-case/1", bytes([len(issuer)]), issuer.encode(), nonce)[:16]
class Member:
    def __init__(self, name, seed, charters, rosters):
        self.name, self.federation, self.recorded = name, Federation(charters, rosters), {}
        self.keys = {purpose: Key(seed, purpose) for purpose in ("statement", "log", "transport", "stranger")}
        self.kid, self.reference = self.keys["statement"].kid, self.federation.reference
        need(self.roles(), "not a member, or not with these keys")
        self.log = Log(f"{self.federation.fed.hex()}/{name}/1", self.keys["log"], self.reference)
    def roles(self):
        return self.federation.roles(self.name, self.kid, "statement", clock())
    def make(self, to, url, kind="takedown-request", at=None, **changed):
        """A request like the one in the vectors, about that URL; `changed` where it shall be wrong."""
        now, nonce, like = clock(), os.urandom(16), MODELS.get(f"accepted-{kind}", MODELS["accepted-takedown-request"])
        body = cbor2.loads(like["body"])
        body = body | {"items": [body["items"][0] | {"locator": {"url": url}}], "assessed_at": now}
        payload = like | {"to": to, "fed": self.federation.fed, "body": encode(body), "kind": kind, "case_nonce": nonce}
        claims = {1: self.name, 2: case_of(self.name, nonce).hex(), 6: at or now // 1000}
        head = header("statement", self.kid) | {15: claims}
        return self.keys["statement"].sign1(head, encode(payload | {"nonce": os.urandom(16)} | changed))
    def make_wrong(self, to, what):
        change = {"bad-exchange": {}, "unknown-kind": {"kind": "greeting"}, "outside-window": {"at": 86400},
                  "wrong-recipient": {"to": "elsewhere.example"}, "role-forbidden": {"kind": "referral"}}
        made = self.make(**{"to": to, "url": "https://files.example/wrong"} | change.get(what, {}))
        spoilt = {"not-canonical": made[:1] + b"\x98\4" + made[2:], "bad-signature": made[:-1] + bytes([made[-1] ^ 1])}
        return made if what in change else spoilt[what]
    def read(self, data):  # A statement, up to `signature`: before that nobody can be held to it (3.2 to 3.5).
        find = lambda head: self.federation.key(head[15][1], head[4], "statement")
        head, payload, key = read_sign1(data, "statement-header", find)
        return SimpleNamespace(statement=data, id=digest(data), by=head[15][1], case=bytes.fromhex(head[15][2]),
                               at=head[15][6] * 1000, kid=key["kid"], payload=payload)
    def open(self, said):  # `payload` to `ext` (3.7 to 3.11).
        said.payload = read(said.payload, "any-payload", "bad-payload")
        said.kind = said.payload["kind"]
        need(said.kind in OPENS, "unknown-kind")
        said.body = read(said.payload["body"], said.kind, "bad-body")
        need(not any(extension[1] for extension in said.payload.get("ext", [])), "unknown-critical")
        return said
    def may_be_acted_on(self, said):  # `federation` to `case` (3.12 to 3.16).
        payload, nonce = said.payload, said.payload.get("case_nonce")
        need(payload["fed"] == self.federation.fed, "wrong-federation")
        need(payload["to"] == self.name != said.by, "wrong-recipient")
        need(OPENS[said.kind] == bool(nonce) and (not nonce or case_of(said.by, nonce) == said.case), "wrong-case-id")
        need(-LIMITS["WINDOW_FUTURE_MS"] <= clock() - said.at <= LIMITS["WINDOW_PAST_MS"], "outside-window")
        roles = self.federation.roles(said.by, said.kid, "statement", said.at)
        need(roles, "not-in-force")
        rows = [[role, said.kind, own] for role in roles for own in self.roles()]
        need(any(row in self.federation.matrix for row in rows), "role-forbidden")
    def record(self, kind, said, counterpart, direction, facts):  # All of the statement, once (8.7).
        if (kind, said.id) not in self.recorded:
            of = {"case": said.case, "statement": said.id, "statement_kind": said.kind, "direction": direction}
            self.recorded[kind, said.id] = self.log.append(kind, counterpart, facts, **of)
    def judge_reply(self, reply, data, to):  # Steps 8 and 9.
        try:
            _, checkpoint, results = read(reply, "exchange-reply", "unreadable", "EXCHANGE_REPLY_BYTES_MAX")
            ((sort, found, *wait),) = results
            if sort == 2:
                return {"code": found, "retry_after": wait[0]}
            return self.believe(found, checkpoint, data, to) if sort == 0 else self.be_refused(found, data, to)
        except (Refused, ValueError) as wrong:
            return {"wrong": str(wrong)}
    def be_refused(self, refusal, data, to):  # 12.4.
        payload = read_sign1(refusal, "refusal-head", lambda head: self.federation.trusted(to, head[4], "statement"))[1]
        told = read(payload, "refusal-payload", "bad-payload")
        need((told["of"], told["to"]) == (digest(data), self.name), "of-another-statement")
        return {"refused": told["code"]}
    def believe(self, receipt, checkpoint, data, to):  # 8.9; a library judges the proof
        leaf_bytes, cose = receipt
        leaf = read(leaf_bytes, "leaf", "bad-payload", "LEAF_BYTES_MAX")
        protected, unprotected, _, signature = read(cose, "cose-receipt", "bad-header", "EVIDENCE_BYTES_MAX").value
        size, index, _ = read(unprotected[396][-1][0], "inclusion-proof", "bad-payload")
        key = self.federation.trusted(to, read(protected, "receipt-header", "bad-header")[4], "log")
        need(key and "ext" not in leaf, "log-of-another")
        public = Ed25519PublicKey.from_public_bytes(key["public"])
        pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        found = verify_receipt(cose, leaf_entry_hex=leaf_bytes.hex(), log_public_key_pem=pem)
        need(found.ok and (found.tree_size, found.leaf_index) == (size, index) and leaf["index"] == index, "not-proven")
        origin = next(origin for origin, kid in self.federation.logs.items() if kid == key["kid"])
        text, key_id = head_of(origin, size, bytes.fromhex(found.root), key["public"])
        need(verifies(key["public"], signature, to_be_signed(protected, bytes.fromhex(found.root))), "bad-signature")
        need(checkpoint and checkpoint.startswith(text + "\n"), "receipt-checkpoint-is-another")
        lines = [line.split(" ") for line in checkpoint.removeprefix(text + "\n").splitlines()]
        heads = [b64decode(line[2]) for line in lines if line[:2] == ["—", origin]]
        heads = [verifies(key["public"], head[4:], text.encode()) for head in heads if head[:4] == key_id]
        need(heads and all(heads), "note-not-signed")
        about = [leaf.get(name) for name in ("kind", "direction", "statement", "counterpart")]
        need(about == ["received", "in", digest(data), self.name], "not-this-receipt")
        said = self.open(self.read(data))
        self.record("sent", said, to, "out", {"receipt": digest(b"\0", leaf_bytes)})
        return {"statement": data, "id": said.id, "case": said.case, "checked_by": ["scitt-cose"],
                "receipt": {"leaf": leaf_bytes, "index": index, "size": size}}
    def answer(self, request, sender):  # Steps 11 to 14: the reply, and what is new.
        try:
            _, offers, new = *read(request, "exchange-request", "bad-exchange"), []
        except Refused:
            return encode([self.reference, None, [[2, "bad-exchange", None]]]), []
        judged = [self.judge(data, sender, new) for data, _, _ in offers]
        results = [[0, self.log.receipt(found)] if isinstance(found, int) else found for found in judged]
        return encode([self.reference, self.log.checkpoint(), results]), new
    def judge(self, data, sender, new):  # 6.7: the index of a record, or a result without a receipt.
        try:
            said = self.read(data)
            need(said.by == sender, "unknown-key")
            if ("received", said.id) not in self.recorded:
                self.may_be_acted_on(self.open(said))
                self.record("received", said, sender, "in", {"claimed": said.at})
                new.append(said)
            return self.recorded["received", said.id]
        except Refused as refused:
            if str(refused) not in SIGNED:
                return [2, str(refused), None]
            payload = {"of": digest(data), "to": sender, "code": str(refused), "roster": self.reference}
            return [1, self.keys["statement"].sign1(header("refusal", self.kid), encode(payload))]
# ------------------------------------------------------------------------- steps 7, 10 and 15: streams of libp2p (6.3)
async def read_to_end(stream, limit):
    data = b""
    while len(data) <= LIMITS[limit]:
        try:
            data += await stream.read(65536)
        except StreamEOF:
            return data
    raise Refused("more bytes than the protocol allows")
def host_of(key):
    return new_host(key_pair=create_new_key_pair(key.seed), muxer_preference="YAMUX")
class Node:
    def __init__(self, member, host):
        self.member, self.host, self.inbox, self.arrived = member, host, [], trio.Condition()
        for protocol in LONGEST:
            host.set_stream_handler(protocol, lambda stream, protocol=protocol: self.serve(stream, protocol))
    async def serve(self, stream, protocol):  # strangers are answered unread, but for a hello (6.4)
        admitted, public = self.member.federation.admitted, stream.muxed_conn.peer_id.to_bytes()[6:]
        request, new = b"", []
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
    async def ask(self, to, protocol, request, host=None):  # the listed key has to answer (6.1)
        node, host = self.member.federation.members[to]["nodes"][0], host or self.host
        public = self.member.federation.key(to, node["key"], "transport")["public"]
        peer = ID(bytes.fromhex("002408011220") + public)
        with trio.fail_after(LIMITS["EXCHANGE_TIME_MS_MAX"] / 1000):
            await host.connect(PeerInfo(peer, [Multiaddr(node["addresses"][0].split("/p2p/")[0])]))
            stream = await host.new_stream(peer, [protocol])
            await stream.write(request)
            await stream.close_write()
            return await read_to_end(stream, "EXCHANGE_REPLY_BYTES_MAX")
    async def deliver(self, to, data, request=None):  # steps 7 to 9
        try:
            reply = await self.ask(to, EXCHANGE, request or encode([self.member.reference, [[data, None, []]]]))
        except Exception as error:  # each layer of the library has its own
            return {"closed": repr(error)}
        return self.member.judge_reply(reply, data, to)
    async def do(self, do, to=None, url=None, statement="", what=None, kind=None):
        member = self.member
        if do == "request":
            said = member.open(member.read(member.make(to, url)))
            member.record("offered", said, to, "out", {"claimed": said.at})
            return await self.deliver(to, said.statement)
        if do == "send":
            return await self.deliver(to, bytes.fromhex(statement))
        if do == "send-wrong":
            return await self.deliver(to, member.make_wrong(to, what), encode([]) if what == "bad-exchange" else None)
        if do == "wait":
            async with self.arrived:
                while not (found := [said for said in self.inbox if said.kind == kind]):
                    await self.arrived.wait()
            told = vars(self.inbox.pop(self.inbox.index(found[0]))) | {"from": found[0].by}
            return {name: told[name] for name in ("statement", "id", "kind", "from", "case", "body")}
        if do == "stranger":
            async with (host := host_of(member.keys["stranger"])).run(listen_addrs=[]):
                told = [await self.ask(to, at, encode(["hello", member.reference]), host) for at in (HELLO, EXCHANGE)]
            return dict(zip(("hello", "exchange"), (read(reply, "roster-reply", "unreadable")[2] for reply in told)))
        member.log.spoil = do == "bad-receipt"
        return {"done": True}
# --------------------------------------------------------------------------- step 2, its entry; and the command line
def entry(id, seed, fed, listen, role, country):
    keys = {purpose: Key(bytes.fromhex(seed), purpose) for purpose in ("statement", "log", "witness", "transport")}
    listed = [{"kid": key.kid, "from": clock(), "public": key.public, "purpose": name} for name, key in keys.items()]
    return {"id": id, "keys": sorted(listed, key=lambda key: key["kid"]), "names": [["en", id]], "roles": [role],
            "logs": [{"key": keys["log"].kid, "state": "open", "origin": f"{fed}/{id}/1"}],
            "nodes": [{"key": keys["transport"].kid, "addresses": [listen]}], "languages": ["en"], "capacities": [],
            "owns": {"asns": [], "domains": [], "prefixes": []}, "jurisdictions": [country],
            "contact": {"hours": "Mo-Fr 09:00-17:00", "address": f"desk@{id}", "time_zone": "Etc/UTC"}}
def say(answer):
    print(json.dumps(answer, default=bytes.hex), flush=True)
async def run(name, seed, listen, charters, rosters):
    papers = [[Path(file).read_bytes() for file in files] for files in (charters, rosters)]
    member = Member(name, bytes.fromhex(seed), *papers)
    host = host_of(member.keys["transport"])
    async with host.run(listen_addrs=[Multiaddr(listen)]):
        node, command = Node(member, host), {"do": "run"}
        say({"ready": [str(address) for address in host.get_transport_addrs()], "peer": str(host.get_id())})
        while command["do"] != "quit" and (line := await trio.to_thread.run_sync(sys.stdin.readline)):
            command = json.loads(line)
            say(await node.do(**command))
def main(command, *words):
    options = [part.strip("\0").split("\0") for part in ("\0" + "\0".join(words)).split("\0--")[1:]]
    given = {option: values for option, *values in options}
    one = {option: values[0] for option, values in given.items() if option not in ("charter", "roster")}
    if command == "run":
        trio.run(run, *one.values(), given["charter"], given["roster"])
    else:
        Path(words[-1]).write_bytes(encode(entry(**one)))
if __name__ == "__main__":
    main(*sys.argv[1:])
