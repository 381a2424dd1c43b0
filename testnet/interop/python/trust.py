"""Whom to believe, and what they may do: charters, rosters, keys and roles (chapter 7)."""

from dataclasses import dataclass

import cbor2

from rosters import NEVER, Known, advanced, charter_itself, key_follows, log_follows, merged, roster_itself
from spec import CDDL, KINDS, LIMITS, WrongStructure
from wire import NotDeterministic, Refused, decode, encode, header_of, kid_of, need, need_depth, read, sha256
from wire import to_be_signed, usable, verifies

ASKING = {kind for kind, row in KINDS.items() if row["opens"]} | {"amendment", "information-request", "dispute"}  # 7.10


@dataclass
class Taken:
    """A charter or roster that was taken, and when."""

    hash: bytes
    signed: bytes
    content: dict
    at: int


# ------------------------------------------------------------ 7.2 signatures


class Governance:
    def __init__(self, charter):
        self.keys = {kid_of(public): public for public in charter["keys"]}
        self.needed = charter["k"]


def outer(data, limit):
    return read(data, "signed<any>", limit)


def peek(payload, **members):
    """Of a payload that nobody has vouched for yet, only what says whose signatures to ask for (7.2)."""
    need_depth(payload)
    try:
        value = cbor2.loads(payload)
        found = [value[name] for name in members]
        need(all(CDDL.check(rule, part) for rule, part in zip(members.values(), found)), "bad-payload")
        return found
    except (cbor2.CBORDecodeError, TypeError, KeyError, WrongStructure):
        raise Refused("bad-payload") from None


def verify_signatures(signed, name, governances, strangers="refused"):
    payload, signatures = signed
    for kid, signature in signatures:
        holders = [governance for governance in governances if kid in governance.keys]
        if not holders:
            need(strangers == "passed over", "wrong-signer")
            continue
        message = to_be_signed(encode(header_of(name, kid)), payload)
        need(verifies(holders[0].keys[kid], signature, message), "bad-signature")
    for governance in governances:
        count = sum(kid in governance.keys for kid, _ in signatures)
        need(count >= governance.needed, "threshold")


# --------------------------------------------------------------- the chain


class Trust:
    """The charters and rosters that a verifier has taken. `fed` is what people told it, or None."""

    def __init__(self, fed=None):
        self.fed, self.charters, self.rosters, self.beside, self._known = fed, [], [], [], {}

    def copy(self):
        """Another verifier that has taken the same."""
        other = Trust(self.fed)
        other.charters, other.rosters, other.beside = [*self.charters], [*self.rosters], [*self.beside]
        other._known = dict(self._known)
        return other

    def take_charter(self, data, now=0):
        """7.6; what it came to: `extended`, `known` or `replaced`."""
        signed = outer(data, "CHARTER_BYTES_MAX")
        digest = sha256(signed[0])
        if not self.charters:
            need(self.fed in (None, digest), "wrong-federation")
            charter = charter_itself(signed[0])
            need(charter["version"] == 1, "version-gap")
            need(all(map(usable, charter["keys"])), "weak-key")
            verify_signatures(signed, "charter", [Governance(charter)])
            self.fed = digest
            self.charters.append(Taken(digest, data, charter, now))
            return "extended"
        if any(taken.hash == digest for taken in self.charters):
            return "known"
        (version,) = peek(signed[0], version="uint")
        need(version > 1, "wrong-federation")
        need(version <= len(self.charters) + 1, "version-gap")
        before = self.charters[version - 2]
        verify_signatures(signed, "charter", [Governance(before.content)], strangers="passed over")
        charter = charter_itself(signed[0])
        need(all(map(usable, charter["keys"])), "weak-key")
        verify_signatures(signed, "charter", [Governance(before.content), Governance(charter)])
        need(version == len(self.charters) + 1, "charter-conflict")
        need(charter["previous"] == before.hash, "wrong-previous")
        need(charter["first_roster"] > before.content["first_roster"], "first-roster-order")
        self.charters.append(Taken(digest, data, charter, now))
        return self._cut(charter["first_roster"])

    def _cut(self, version):
        cut = len(self.rosters) >= version
        self.rosters = self.rosters[: version - 1]
        self.beside = [taken for taken in self.beside if taken.content["version"] < version]
        return "replaced" if cut else "extended"

    def charter_for(self, version):
        return [taken for taken in self.charters if taken.content["first_roster"] <= version][-1]

    def take_roster(self, data, now):
        """7.7; what it came to: `extended`, `known` or `conflict`."""
        signed = outer(data, "ROSTER_BYTES_MAX")
        digest = sha256(signed[0])
        if any(taken.hash == digest for taken in self.rosters + self.beside):
            return "known"
        roster = self.candidate(signed)
        need(roster["issued"] <= now + LIMITS["WINDOW_FUTURE_MS"], "from-the-future")
        taken = Taken(digest, data, roster, now)
        if roster["version"] <= len(self.rosters):
            self._keep_beside(taken)
            return "conflict"
        self._follows(roster)
        self.rosters.append(taken)
        return "extended"

    def candidate(self, signed):
        """Steps 3 to 8, which evidence of a conflict passes too (7.8)."""
        fed, charter, version = peek(signed[0], fed="hash", charter="hash", version="version-number")
        need(fed == self.fed, "wrong-federation")
        need(version <= len(self.rosters) + 1, "version-gap")
        under = self.charter_for(version)
        if charter != under.hash:
            here = charter in [taken.hash for taken in self.charters]
            raise Refused("wrong-charter" if here else "unknown-charter")
        verify_signatures(signed, "roster", [Governance(under.content)])
        return roster_itself(signed[0])

    def conflict(self, data):
        """Evidence from somebody else: two rosters of one version."""
        try:
            pair = [outer(encode(part), "ROSTER_BYTES_MAX") for part in decode(data)]
        except (NotDeterministic, TypeError):
            raise Refused("bad-payload") from None
        need(len(pair) == 2, "bad-payload")
        first, second = [self.candidate(signed) for signed in pair]
        need(first["version"] == second["version"] and pair[0][0] != pair[1][0], "no-conflict")
        return first["version"]

    def _keep_beside(self, taken):
        self.beside.append(taken)
        if len(self.beside) > LIMITS["SIBLINGS_MAX"]:
            self.beside.remove(min(self.beside, key=lambda kept: kept.content["version"]))

    def _follows(self, roster):
        """Steps 11 to 14."""
        newest = self.rosters[-1].hash if self.rosters else self.fed
        before = self.rosters[-1:]
        if "resolves" not in roster:
            need(roster["previous"] == newest, "wrong-previous")
        else:
            need(newest in roster["resolves"] and roster["previous"] in roster["resolves"], "wrong-previous")
            other = [kept for kept in self.beside
                     if kept.hash in roster["resolves"] and kept.content["version"] == roster["version"] - 1]
            need(other, "sibling-missing")
            before = before + other
        need(all(taken.content["issued"] <= roster["issued"] for taken in before), "issued-earlier")
        known = self._before(roster)
        governing = {kid for taken in self.charters if taken.content["first_roster"] <= roster["version"]
                     for kid in Governance(taken.content).keys}
        for member in roster["members"]:
            self._member_follows(member, known, governing, roster["issued"])

    def _member_follows(self, member, known, governing, issued):
        for key in member["keys"]:
            if key["kid"] in known.keys:
                holder, old = known.keys[key["kid"]]
                need(holder == member["id"] and old["purpose"] == key["purpose"], "key-reused")
                key_follows(old, key, issued)
            else:
                need(key["kid"] not in governing, "key-reused")
                need(usable(key["public"]), "weak-key")
        listed = {key["kid"] for key in member["keys"]}
        need(all(kid in listed for kid, (holder, _) in known.keys.items() if holder == member["id"]), "key-vanished")
        logs = {log["origin"]: log for log in member["logs"]}
        for origin, (holder, old) in sorted(known.logs.items(), key=lambda entry: int(entry[0].split("/")[2])):
            if holder == member["id"]:
                need(origin in logs, "log-vanished")
                log_follows(old, logs[origin])

    def _before(self, roster):
        """What is known before a roster, from the rosters that it names as before it."""
        known = [self._after(name) for name in roster.get("resolves", [roster["previous"]])]
        return known[0] if len(known) == 1 else merged(*known)

    def _after(self, digest):
        if digest not in self._known:
            here = [taken.content for taken in self.rosters + self.beside if taken.hash == digest]
            self._known[digest] = advanced(self._before(here[0]), here[0]) if here else Known()
        return self._known[digest]

    # ------------------------------------------------- 7.9 to 7.12, at a time

    @property
    def known(self):
        return self._after(self.rosters[-1].hash) if self.rosters else Known()

    @property
    def roster_ref(self):
        return [self.rosters[-1].content["version"], self.rosters[-1].hash] if self.rosters else [0, self.fed]

    def member(self, name, taken=None):
        taken = taken or (self.rosters[-1] if self.rosters else None)
        found = [member for member in taken.content["members"] if member["id"] == name] if taken else []
        return found[0] if found else None

    def key(self, member, kid, purpose):
        """The key that the history lists, or None."""
        holder, key = self.known.keys.get(kid, (None, None))
        return key if key and holder == member and key["purpose"] == purpose else None

    def log_key(self, origin):
        """The key of a log, open or closed (8.4), and its holder."""
        holder, log = self.known.logs.get(origin, (None, None))
        return (holder, self.known.keys[log["key"]][1]) if log else (None, None)

    def valid(self, member, key, signed_at, seen_at):
        """7.9, in whole seconds but for a theft."""
        if compromised(key, seen_at):
            return False
        left = self.known.left.get(member, NEVER)
        last = min(key.get("until", NEVER), left)
        return key["from"] // 1000 <= signed_at // 1000 and (last == NEVER or signed_at // 1000 <= last // 1000)

    def roles(self, name, now):
        """The roles in force (7.10)."""
        member = self.member(name)
        if member is None:
            return set()
        if now < self.rosters[-1].content["expires"]:
            return set(member["roles"])
        in_time = [taken for taken in self.rosters if taken.at < taken.content["expires"]]
        earlier = self.member(name, in_time[-1]) if in_time else None
        return set(member["roles"]) & set(earlier["roles"]) if earlier else set()

    def takes(self, kind, now):
        if not self.rosters:
            return False
        newest = self.rosters[-1].content
        grace = self.charter_for(newest["version"]).content["grace"]
        return kind not in ASKING or now < newest["expires"] + grace

    def allows(self, sender, kind, recipient, now):
        """A row of the matrix (7.12)."""
        matrix = self.charter_for(self.rosters[-1].content["version"]).content["matrix"]
        senders, recipients = self.roles(sender, now), self.roles(recipient, now)
        return any(row[1] == kind and row[0] in senders and row[2] in recipients for row in matrix)

    def admitted(self, public, now):
        """The member whose node has this transport key, or None (6.4)."""
        kid = kid_of(public)
        for member in self.rosters[-1].content["members"] if self.rosters else []:
            if kid in [node["key"] for node in member["nodes"]] and self.roles(member["id"], now):
                key = self.key(member["id"], kid, "transport")
                return member["id"] if key and self.valid(member["id"], key, now, now) else None
        return None


def compromised(key, seen_at):
    ended = key.get("ended")
    return isinstance(ended, dict) and ended["compromised-since"] <= seen_at
