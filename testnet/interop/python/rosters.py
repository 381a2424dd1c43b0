"""What charters and rosters must be in themselves, and what rosters make known of keys and logs (7.3 to 7.8)."""

from dataclasses import dataclass, field

from wire import Refused, kid_of, need, read

NEVER = float("inf")


# ------------------------------------------- 7.3, 7.5 what each must be itself


def charter_itself(payload):
    charter = read(payload, "charter")
    need(charter["k"] <= len(charter["keys"]), "threshold-above-keys")
    first = charter["version"] == 1
    need(first == ("previous" not in charter) and first == (charter["first_roster"] == 1), "first-misplaced")
    return charter


def roster_itself(payload):
    roster = read(payload, "roster")
    extensions = [extension for member in roster["members"] for extension in member.get("ext", [])]
    need(not any(critical for _, critical, _ in extensions), "unknown-critical")
    need(roster["issued"] < roster["expires"], "expires-too-early")
    need(roster["version"] > 1 or roster["previous"] == roster["fed"], "first-misplaced")
    if "resolves" in roster:
        first, second = roster["resolves"]
        need(first < second and roster["version"] > 1, "resolves-misplaced")
    for member in roster["members"]:
        member_itself(member, roster["fed"])
    keys, owned = set(), set()
    for member in roster["members"]:
        its_keys = {key["kid"] for key in member["keys"]}
        need(not its_keys & keys, "key-used-twice")
        keys |= its_keys
        owns = member["owns"]
        its_own = {*owns["asns"], *owns["domains"], *map(tuple, owns["prefixes"])}
        need(not its_own & owned, "owned-twice")
        owned |= its_own
    return roster


def member_itself(member, fed):
    purposes = {}
    for key in member["keys"]:
        need(key["kid"] == kid_of(key["public"]), "kid-mismatch")
        until = key.get("until")
        need(until is None or key["from"] <= until, "key-times")
        need(key.get("ended") != "superseded" or until is not None, "key-times")
        purposes[key["kid"]] = key["purpose"]
    used = [log["key"] for log in member["logs"]]
    for place, log in enumerate(member["logs"], 1):
        federation, holder, number = log["origin"].split("/")
        need(federation == fed.hex() and holder == member["id"], "foreign-origin")
        need(int(number) == place, "log-numbers")
        need(purposes.get(log["key"]) == "log", "log-key-missing")
        need(used.count(log["key"]) == 1, "log-key-shared")
    need(sum(log["state"] == "open" for log in member["logs"]) <= 1, "two-open-logs")
    for node in member["nodes"]:
        need(purposes.get(node["key"]) == "transport", "node-key-missing")
    need(all("." in domain for domain in member["owns"]["domains"]), "not-a-domain")
    for address, length in member["owns"]["prefixes"]:
        host_bits = int.from_bytes(address, "big") & ((1 << (8 * len(address) - length)) - 1)
        mapped = len(address) == 16 and address[:12] == bytes(10) + b"\xff\xff"
        need(host_bits == 0 and not mapped, "prefix-form")


# ------------------------------------------------------- 7.7.1, 7.8 knowledge


@dataclass
class Known:
    """Every key and log that was ever listed, and who has left (7.7, 14)."""

    keys: dict = field(default_factory=dict)  # kid -> (member, key)
    logs: dict = field(default_factory=dict)  # origin -> (member, log)
    left: dict = field(default_factory=dict)  # member -> when

def key_follows(old, new, issued):
    """What may become of a key (7.7.1)."""
    need(all(old[name] == new[name] for name in ("public", "purpose", "from")), "key-changed")
    was, ended = old.get("ended"), new.get("ended")
    if was == "superseded":
        need(ended is not None, "key-resurrected")
    elif was is not None:
        earlier = isinstance(ended, dict) and ended["compromised-since"] <= was["compromised-since"]
        need(earlier, "key-resurrected")
    before, after = old.get("until", NEVER), new.get("until", NEVER)
    if after == before:
        return
    need(not (before <= issued or was is not None) or after < before, "key-resurrected")
    need(after >= issued, "key-changed")


def log_follows(old, new):
    need(new["key"] == old["key"], "log-changed")
    if old["state"] != "open":
        need(new["state"] != "open", "log-reopened")
        need(new["state"] == old["state"], "log-changed")


def advanced(known, roster):
    """What is known after a roster. What breaks a rule leaves the entry before."""
    keys, logs, left = dict(known.keys), dict(known.logs), dict(known.left)

    def set_entry(entries, name, member, new, follows):
        if name in entries:
            holder, old = entries[name]
            if holder != member:
                return
            try:
                follows(old, new)
            except Refused:
                return
        entries[name] = (member, new)

    for member in roster["members"]:
        for key in member["keys"]:
            set_entry(keys, key["kid"], member["id"], key, lambda old, new: key_follows(old, new, roster["issued"]))
        for log in member["logs"]:
            set_entry(logs, log["origin"], member["id"], log, log_follows)
    here = {member["id"] for member in roster["members"]}
    for member, _ in keys.values():
        if member in here:
            left.pop(member, None)
        else:
            left.setdefault(member, roster["issued"])
    return Known(keys, logs, left)


def merged(one, other):
    """What two camps knew (7.8)."""

    def key_of(first, second):
        if (first[0], first[1]["purpose"]) != (second[0], second[1]["purpose"]):
            return min(first, second, key=lambda entry: (entry[0], entry[1]["purpose"]))
        key = {**first[1], "from": min(first[1]["from"], second[1]["from"])}
        ends = [entry[1]["until"] for entry in (first, second) if "until" in entry[1]]
        stolen = [entry[1]["ended"]["compromised-since"] for entry in (first, second)
                  if isinstance(entry[1].get("ended"), dict)]
        ended = {"compromised-since": min(stolen)} if stolen else first[1].get("ended") or second[1].get("ended")
        return first[0], key | ({"until": min(ends)} if ends else {}) | ({"ended": ended} if ended else {})

    def log_of(first, second):
        def rank(entry):
            closed = entry[1]["state"] != "open"
            head = entry[1]["state"]["closed"] if closed else [0, b""]
            return closed, head[0], head[1]

        if first[1]["key"] != second[1]["key"]:
            return min(first, second, key=lambda entry: entry[1]["key"])
        return max(first, second, key=rank)

    def both(left, right, settle):
        return left | right | {name: settle(left[name], right[name]) for name in left.keys() & right.keys()}

    return Known(both(one.keys, other.keys, key_of), both(one.logs, other.logs, log_of),
                 both(one.left, other.left, min))
