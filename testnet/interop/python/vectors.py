"""Runs the vectors of `protocol-spec/vectors`, whatever their names, and says what it finds for each."""

import json
from pathlib import Path

import log
import messages
import statements
from trust import Trust, read
from wire import Refused, decode, sha256


class Federation:
    """`federation.json`: keys, chains and stories."""

    def __init__(self, file):
        self.fed, self.now = bytes.fromhex(file["fed"]), file["now_ms"]
        self.chains, self.stories = file["chains"], file["stories"]
        self.keys = file["keys"]
        self.built = {}

    def public(self, owner, purpose):
        return [bytes.fromhex(key["public"]) for key in self.keys if (key["owner"], key["purpose"]) == (owner, purpose)][0]

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


OBJECTS = {
    "statement": statement,
    "signed-charter": signed_charter,
    "signed-roster": signed_roster,
    "roster-conflict": roster_conflict,
    "checkpoint": checkpoint,
    "receipt": receipt,
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
    data = bytes.fromhex(vector["hex"])
    data += bytes(max(0, vector.get("pad_to", 0) - len(data)))
    try:
        return {"ok": OBJECTS[vector["object"]](data, vector.get("context", {}), federation)}
    except Refused as refused:
        return {"code": refused.code}
