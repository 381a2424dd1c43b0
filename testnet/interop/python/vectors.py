"""Runs the vectors of `protocol-spec/vectors`, whatever their names, and says what it finds for each."""

import json
from pathlib import Path

import statements
from trust import Trust
from wire import Refused, decode, sha256


class Federation:
    """`federation.json`: keys, chains and stories."""

    def __init__(self, file):
        self.fed, self.now = bytes.fromhex(file["fed"]), file["now_ms"]
        self.chains, self.stories = file["chains"], file["stories"]
        self.keys = file["keys"]
        self.built = {}

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


OBJECTS = {
    "statement": statement,
    "signed-charter": signed_charter,
    "signed-roster": signed_roster,
    "roster-conflict": roster_conflict,
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
