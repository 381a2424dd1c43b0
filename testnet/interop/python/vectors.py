"""Runs the vectors of `protocol-spec/vectors`, whatever their names, and says what it finds for each."""

import json
from datetime import datetime
from pathlib import Path

import clocks
import log
import messages
import statements
from fold import Fold, View
from trust import Trust
from verdict import state_in_words
from wire import Key, Refused, decode, encode, need, read, sha256


class Federation:
    """`federation.json`: keys, chains and stories."""

    def __init__(self, file):
        self.fed, self.now = bytes.fromhex(file["fed"]), file["now_ms"]
        self.chains, self.stories = file["chains"], file["stories"]
        self.keys = file["keys"]
        self.built = {}

    def told(self, name):
        """A case in which the statements of a story were said."""
        story = self.stories[name]
        case = Fold(story["opener"])
        for entry in story["said"]:
            if isinstance(entry, str):
                case.add(statements.unverified(bytes.fromhex(entry)))
                continue
            for number in range(1, entry["repeat"] + 1):
                case.add(self.repeated(bytes.fromhex(entry["like"]), case.all[-1].id, number))
        return case

    def repeated(self, like, before, number):
        """The same statement again, with another `re` and `nonce`, signed with its issuer's key."""
        said = statements.unverified(like)
        payload = said.payload | {"re": [before], "nonce": number.to_bytes(16, "big")}
        seed = [key["seed"] for key in self.keys if key["kid"] == said.kid.hex()][0]
        key = Key(bytes.fromhex(seed))
        return statements.unverified(statements.make(key, said.issuer, said.case, said.iat, payload))

    def public(self, owner, purpose):
        found = [key["public"] for key in self.keys if (key["owner"], key["purpose"]) == (owner, purpose)]
        return bytes.fromhex(found[0])

    def log_key(self, context):
        """The key of the first log of a member."""
        origin = f"{self.fed.hex()}/{context['log']}/1"
        return log.NoteKey(origin, log.LOG_KEY, self.trust(context["chain"]).log_key(origin)[1]["public"])

    def trust(self, name):
        """A chain, taken in its order with the clock at its own `now_ms`."""
        if name is None:
            return Trust()
        if name not in self.built:
            chain = self.chains[name]
            trust = Trust(self.fed)
            for charter in chain["charters"]:
                trust.take_charter(bytes.fromhex(charter), chain.get("now_ms", self.now))
            for roster in chain["rosters"]:
                trust.take_roster(bytes.fromhex(roster), chain.get("now_ms", self.now))
            self.built[name] = trust
        return self.built[name].copy()


def statement(data, context, federation):
    if "story" in context:
        return verdict(data, context, federation)
    trust = federation.trust(context["chain"])
    found = statements.check(data, trust, context["me"], context["now_ms"], context.get("recorded", False),
                             context.get("parties"))
    return {"case": found.case.hex(), "id": found.id.hex(), "issuer": found.issuer, "kind": found.kind}


def signed_charter(data, context, federation):
    trust = federation.trust(context.get("chain"))
    added = trust.take_charter(data, context.get("now_ms", federation.now))
    return {"added": added, "hash": hash_of(data)}


def signed_roster(data, context, federation):
    trust = federation.trust(context["chain"])
    return {"added": trust.take_roster(data, context["now_ms"]), "hash": hash_of(data)}


def hash_of(signed):
    """The hash of a charter or roster is that of its payload (7.2)."""
    return sha256(decode(signed)[0]).hex()


def roster_conflict(data, context, federation):
    return {"version": str(federation.trust(context["chain"]).conflict(data))}


def checkpoint(data, context, federation):
    found = log.read_checkpoint(data)
    log.verify_checkpoint(found, federation.log_key(context))
    answer = {"origin": found.origin, "root": found.root.hex(), "size": str(found.size)}
    if "witness" in context:
        name = f"{federation.fed.hex()}/{context['witness']}/witness"
        witness = log.NoteKey(name, log.WITNESS_KEY, federation.public(context["witness"], "witness"))
        answer["cosigned_at_s"] = str(log.verify_note(found, [witness])[name])
    if "trusted" in context:
        signed = log.verify_note(found, [log.verifier_key(text) for text in context["trusted"]])
        answer["signed_by"] = " ".join(sorted(signed))
    return answer


def receipt(data, context, federation):
    found = log.read_receipt(read(data, "receipt", "EVIDENCE_BYTES_MAX"))
    head = None
    if "checkpoint" in context:
        head = log.read_checkpoint(context["checkpoint"].encode())
        log.verify_checkpoint(head, federation.log_key(context))
    public = federation.log_key(context).public
    root = log.verify_receipt_under(found, public, head)
    assert log.checked_by_others(found, public) == ["scitt-cose", "pycose"]
    leaf_hash = log.leaf_hash(found.leaf_bytes).hex()
    return {"index": str(found.leaf["index"]), "leaf_hash": leaf_hash, "root": root.hex()}


def consistency_receipt(data, context, federation):
    head = None
    if "checkpoint" in context:
        head = log.read_checkpoint(context["checkpoint"].encode())
        log.verify_checkpoint(head, federation.log_key(context))
    old_root, public = bytes.fromhex(context["old_root"]), federation.log_key(context).public
    old, new, root = log.verify_consistency_receipt(data, old_root, public, head)
    return {"old_size": str(old), "new_size": str(new), "root": root.hex()}


def leaf(data, _context, _federation):
    log.read_leaf(data)
    return {"leaf_hash": log.leaf_hash(data).hex()}


def facts(data, _context, _federation):
    read(data, "facts", "STATEMENT_BYTES_MAX")
    return {"hash": sha256(data).hex()}


def fork_evidence(data, context, federation):
    return {"fork": log.verify_fork(data, federation.log_key(context))}


def inclusion(data, context, _federation):
    hash_ = log.leaf_hash(f"comity-vectors/1 leaf {context['leaf']}".encode())
    log.need_inclusion(hash_, context["index"], context["size"], bytes.fromhex(context["root"]), hashes(data))
    return {"leaf_hash": hash_.hex()}


def consistency(data, context, _federation):
    old, new = context["old_size"], context["size"]
    roots = bytes.fromhex(context["old_root"]), bytes.fromhex(context["root"])
    log.need_consistency(old, roots[0], new, roots[1], hashes(data))
    return {"more": str(new - old)}


def hashes(data):
    return [data[at : at + 32] for at in range(0, len(data), 32)]


def refusal(data, context, federation):
    payload = signed_by(data, "refusal", context, federation)
    return {"of": payload["of"].hex(), "refused_with": payload["code"]}


def sequences(data, context, federation):
    origin, size, _, _ = signed_by(data, "sequences", context, federation)
    return {"origin": origin, "size": str(size)}


def restored(data, context, federation):
    payload = signed_by(data, "restored", context, federation)
    return {"lost": str(payload["closed"][1] - payload["restored"]), "opened": payload["opened"]}


def signed_by(data, name, context, federation):
    """The caller answers for the statement keys of `signer`."""
    trust = federation.trust(context["chain"])
    public = lambda kid: (trust.key(context["signer"], kid, "statement") or {}).get("public")
    return statements.read_object(data, name, public)


def exchange_request(data, _context, _federation):
    return {"statements": str(len(messages.read_message(data, "exchange-request")[1]))}


def exchange_reply(data, context, _federation):
    return {"results": str(len(messages.read_reply(data, context["asked"])[2]))}


def redeliver_request(data, _context, _federation):
    return {"from": str(messages.read_message(data, "redeliver-request")[2])}


def redeliver_reply(data, _context, _federation):
    return {"statements": str(len(messages.read_message(data, "redeliver-reply")[1]))}


def roster_message(rule):
    return lambda data, _context, _federation: {"word": messages.read_message(data, rule)[0]}


def audit_request(data, _context, _federation):
    _, origin, first, size, _ = messages.read_message(data, "audit-request")
    return {"from": str(first), "origin": origin, "size": "newest" if size is None else str(size)}


def audit_reply(data, _context, _federation):
    reply = messages.read_message(data, "audit-reply")
    return {"code": reply[2]} if reply[0] == "refused" else {"records": str(len(reply[3]))}


def witness_request(data, _context, _federation):
    word, *said = messages.read_message(data, "witness-request")
    if word == "head":
        return {"word": word, "origin": said[0], "from": or_none(said[1])}
    return {"word": word, "hash": sha256(as_bytes(said[0])).hex()}


def witness_reply(data, _context, _federation):
    word, *said = messages.read_message(data, "witness-reply")
    if word == "head":
        text, path = said
        head = or_none(text and sha256(as_bytes(text)).hex())
        return {"word": word, "checkpoint": head, "path": or_none(None if path is None else len(path))}
    found = {"answer": ("status", 0), "taken": ("hash", 0), "refused": ("code", 1)}[word]
    return {"word": word, found[0]: in_words(said[found[1]])}


def finding_request(data, _context, _federation):
    word, signed = messages.read_message(data, "finding-request")
    return {"word": word, "hash": sha256(signed).hex()}


def finding_answer(data, _context, _federation):
    word, *said = messages.read_message(data, "finding-answer")
    return {"word": word} | ({"hash": said[0].hex()} if word == "noted" else {"code": said[1]})


def finding_notice(data, context, federation):
    """With the id as 10.7 has it, which is that of the notice."""
    payload = signed_by(data, "finding-notice", context, federation)
    names = ("code", "of", "counterpart", "case", "statement", "clock", "index")
    found = sha256(b"comity-finding/1", encode([payload.get(name) for name in names]))
    assert found == payload["id"]
    return {"by": payload["by"], "of": payload["of"], "code": payload["code"], "id": found.hex()}


def finding_reply(data, context, federation):
    payload = signed_by(data, "signed-finding-reply", context, federation)
    return {"of": payload["of"].hex(), "code": payload["code"]}


def or_none(value):
    return "none" if value is None else str(value)


def as_bytes(value):
    return value.encode() if isinstance(value, str) else value


def in_words(value):
    return value.hex() if isinstance(value, bytes) else str(value)


def parent_opening(data, _context, _federation):
    """Whether the `parent` of the facts opens that of the statement (3.17)."""
    said, recorded = decode(data)
    nonce, case, statement_id = read(recorded, "facts", "STATEMENT_BYTES_MAX")["parent"]
    opened = statements.parent_commitment(nonce, case, statement_id)
    if opened != statements.unverified(said).payload.get("parent"):
        return {"opens": "no"}
    return {"opens": "yes", "case": case.hex(), "statement": statement_id.hex()}


def evidence(data, _context, _federation):
    said, objects = decode(data)
    named = statements.unverified(said).payload.get("evidence", [])
    beside = {sha256(object_) for object_ in objects} & set(named)
    return {"named": str(len(named)), "beside": str(len(beside))}


def verdict(data, context, federation):
    """What the causal past of a statement allows (5.4)."""
    case = federation.told(context["story"])
    said = case.add(statements.unverified(data))
    need(said.legal, said.code)
    return {"verdict": "legal"}


def concurrent(data, context, federation):
    """What a case comes to (5.7, 5.11), in the words of `vectors/README.md`, whichever of the two arrives first."""
    pair = dict(zip("ab", map(statements.unverified, decode(data))))
    states = []
    for order in ("ab", "ba"):
        case = federation.told(context["story"])
        labels = {said.id: f"s{number}" for number, said in enumerate(case.all, 1)}
        for label in order:
            labels[case.add(pair[label]).id] = label
        states.append(state_in_words(View(case, (1 << len(case.all)) - 1), labels))
    assert states[0] == states[1]
    return states[0]


def clock_due(_data, context, _federation):
    clock = clocks.CLOCKS.get(context.get("clock"), context)
    pauses = [pause | {"from": moment(pause["from"]), "to": pause["to"] and moment(pause["to"])}
              for pause in context.get("pauses", [])]
    start, until = moment(context["started_at"]), moment(context["until"])
    due, total, paused = clocks.with_pauses(clock.get("period"), clock["zone"], start, pauses, until)
    return {"due": due and in_utc(due), "paused_ms": total // clocks.MILLISECOND, "is_paused": paused}


def clock_choice(_data, context, _federation):
    found = clocks.choose(context["charter"], context, context["recipient"], moment(context["registered_at"]))
    return {"clocks": found}


def moment(text):
    return datetime.fromisoformat(text)


def in_utc(moment):
    text = moment.isoformat(timespec="milliseconds" if moment.microsecond else "seconds")
    return text.replace("+00:00", "Z")


OBJECTS = {
    "clock-due": clock_due,
    "clock-choice": clock_choice,
    "concurrent": concurrent,
    "statement": statement,
    "signed-charter": signed_charter,
    "signed-roster": signed_roster,
    "roster-conflict": roster_conflict,
    "checkpoint": checkpoint,
    "receipt": receipt,
    "consistency-receipt": consistency_receipt,
    "leaf": leaf,
    "facts": facts,
    "fork-evidence": fork_evidence,
    "inclusion": inclusion,
    "consistency": consistency,
    "refusal": refusal,
    "sequences": sequences,
    "restored": restored,
    "exchange-request": exchange_request,
    "exchange-reply": exchange_reply,
    "redeliver-request": redeliver_request,
    "redeliver-reply": redeliver_reply,
    "roster-request": roster_message("roster-request"),
    "roster-reply": roster_message("roster-reply"),
    "audit-request": audit_request,
    "audit-reply": audit_reply,
    "witness-request": witness_request,
    "witness-reply": witness_reply,
    "finding-request": finding_request,
    "finding-answer": finding_answer,
    "finding-notice": finding_notice,
    "signed-finding-reply": finding_reply,
    "parent-opening": parent_opening,
    "evidence": evidence,
}


def run(folder):
    folder = Path(folder)
    federation = Federation(json.loads((folder / "federation.json").read_text()))
    for path in sorted(folder.glob("*.json")):
        if path.name == "federation.json":
            continue
        for vector in json.loads(path.read_text()):
            print(json.dumps({"name": vector["name"]} | answer(vector, federation)), flush=True)


def answer(vector, federation):
    data = bytes.fromhex(vector.get("hex", ""))
    data += bytes(max(0, vector.get("pad_to", 0) - len(data)))
    if vector["object"] not in OBJECTS:
        return {"code": f"cannot read {vector['object']}"}
    try:
        return {"ok": OBJECTS[vector["object"]](data, vector.get("context", {}), federation)}
    except Refused as refused:
        return {"code": refused.code}
