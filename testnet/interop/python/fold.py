"""What a set of statements of one case comes to (chapter 5).

Sets of statements are bit masks over the order in which they were added, so that a past of thousands costs nothing.
"""

from functools import cache

from spec import KINDS, LIMITS
from wire import Refused, need

CARRIERS = {kind for kind, row in KINDS.items() if row["opens"]} | {"amendment"}
DISPUTABLE = CARRIERS | {"acknowledgement", "outcome", "withdrawal", "observation"}
NEVER = float("inf")


class Said:
    """A statement in its case."""

    def __init__(self, statement, index, party, past, rank):
        self.id, self.kind, self.body, self.iat = statement.id, statement.kind, statement.body, statement.iat
        self.index, self.party, self.past, self.rank = index, party, past, rank
        self.code, self.about, self.opens = None, set(), set()  # the verdict (5.4)

    @property
    def legal(self):
        return self.code is None

    @property
    def bit(self):
        return 1 << self.index

    def refuses(self):
        return self.kind == "acknowledgement" and self.body["answer"] == "refused"

    def rows(self, *names):
        return [row for name in names for row in self.body.get(name, [])]


class Fold:
    """Statements are added after their past; each gets its verdict at once."""

    def __init__(self, opener):
        self.opener, self.all, self.by_id, self.by_kind = opener, [], {}, {}

    def add(self, statement):
        before = [self.by_id[name] for name in statement.payload["re"]]
        past, rank = 0, 0
        for said in before:
            past |= said.past | said.bit
            rank = max(rank, said.rank + 1)
        party = "opener" if statement.issuer == self.opener else "recipient"
        said = Said(statement, len(self.all), party, past, rank)
        try:
            said.about, said.opens = Verdict(self, said).judge()
        except Refused as refused:
            said.code = refused.code
        self.all.append(said)
        self.by_id[said.id] = said
        self.by_kind.setdefault(said.kind, []).append(said)
        return said


# -------------------------------------------------------- 5.3 questions to a set


def first(statements):
    return min(statements, key=lambda said: (said.rank, said.id), default=None)


def latest(statements):
    """Of those that are in the past of no other, the one with the greatest id."""
    heads = [one for one in statements if not any(other.past & one.bit for other in statements)]
    return max(heads, key=lambda said: said.id, default=None)


def claimed(said, at):
    return min(at, said.iat * 1000 + 999)


def effective(outcome, row):
    times = [measure["effective_at"] for measure in row[3]]
    return claimed(outcome, max(times)) if times else outcome.iat * 1000


def row_of(said, number, round_):
    return next((row for row in said.body["items"] if row[:2] == [number, round_]), None)


class View:
    """Questions to a set of folded statements that is closed under `re`."""

    def __init__(self, fold, mask):
        self.fold, self.mask = fold, mask
        for question in QUESTIONS:  # each has one answer for one set
            setattr(self, question, cache(getattr(self, question)))

    def of(self, *kinds):
        return [said for kind in kinds for said in self.fold.by_kind.get(kind, []) if self.mask & said.bit]

    def legal(self, *kinds):
        return [said for said in self.of(*kinds) if said.legal]

    def standing(self, *kinds):
        return [said for said in self.legal(*kinds) if self.void_by(said) is None]

    def named(self, name):
        said = self.fold.by_id.get(name)
        return said if said and self.mask & said.bit else None

    def void_by(self, said):
        """The refusal that made it void, or None."""
        refusals = [ack for ack in self.legal("acknowledgement")
                    if ack.refuses() and ack.party != said.party and "items" not in ack.body]

        def voids(ack):
            known = ack.past & said.bit
            if "names" not in ack.body:
                return said.kind in CARRIERS and known
            return said.id in ack.body["names"] and (known or self._missed(said, ack))

        return first([ack for ack in refusals if voids(ack)])

    def _missed(self, said, ack):
        lacking = said.past & ~ack.past
        return any(lacking & other.bit and other.party == said.party for other in self.fold.all)

    def opening(self):
        openings = self.legal(*[kind for kind in CARRIERS if KINDS[kind]["opens"]])
        return min(openings, key=lambda said: (self.void_by(said) is not None, said.id), default=None)

    def claims(self):
        """The legal carriers of each item number."""
        found = {}
        for said in self.legal(*CARRIERS):
            for item in said.rows("items"):
                found.setdefault(item["n"], []).append(said)
        return found

    def numbers(self):
        return sorted(self.claims())

    def carrier(self, number):
        claims = self.claims()[number]
        return min(claims, key=lambda said: (self.void_by(said) is not None, self.known_first(said), said.id))

    def known_first(self, carrier):
        return min((said.rank for said in self.fold.all
                    if self.mask & said.bit and said.party == "recipient" and said.past & carrier.bit), default=NEVER)

    def bound(self, statements, number):
        """Those that have the carrier of the item in their past."""
        return [said for said in statements if said.past & self.carrier(number).bit]

    def about(self, kind, number):
        return self.bound([said for said in self.standing(kind) if number in said.about], number)

    def refused_by(self, number):
        refusals = [ack for ack in self.legal("acknowledgement")
                    if ack.refuses() and "items" in ack.body and number in ack.about]
        return first(self.bound(refusals, number)) or self.void_by(self.carrier(number))

    def withdrawn_by(self, number):
        return first(self.about("withdrawal", number))

    def live(self, number):
        return self.refused_by(number) is None and self.withdrawn_by(number) is None

    def answer(self, number):
        return latest([ack for ack in self.about("acknowledgement", number) if not ack.refuses()])

    def opened_by(self, number, round_):
        openers = [said for said in self.standing("observation") if (number, round_) in said.opens]
        return self.bound(openers, number)

    def open(self, number, round_):
        return round_ == 1 or bool(self.opened_by(number, round_))

    def latest_round(self, number):
        opened = [round_ for said in self.standing("observation") for n, round_ in said.opens if n == number]
        return max([1] + [round_ for round_ in opened if self.open(number, round_)])

    def outcomes(self, number, round_):
        return self.bound([said for said in self.standing("outcome") if row_of(said, number, round_)], number)

    def outcome(self, number, round_):
        return latest(self.outcomes(number, round_))

    def reappears(self, number, round_, at):
        outcome = self.outcome(number, round_)
        row = outcome and row_of(outcome, number, round_)
        return bool(row) and row[2] in ("done", "not-found", "moved") and at > effective(outcome, row)

    def acted_on(self, number):
        rows = [row for said in self.about("outcome", number) for row in said.body["items"] if row[0] == number]
        answers = [ack.body["answer"] for ack in self.about("acknowledgement", number)]
        return any(row[2] in ("done", "partly") for row in rows) or "already-actioned" in answers

    def seen(self, number, round_):
        rows = [(said, row_of(said, number, round_)) for said in self.bound(self.standing("observation"), number)]
        rows = [(said, row) for said, row in rows if row and row[2] != "not-checked"]
        return max(rows, key=lambda pair: (claimed(pair[0], pair[1][5]), pair[0].id), default=(None, None))

    def released_by(self, hold):
        return first([said for said in self.standing("release") if said.party == hold.party
                      and said.body["by"] == hold.body["by"] and said.past & hold.bit])

    def resolved_by(self, dispute):
        return latest([said for said in self.standing("resolution") if said.body["of"] == dispute.id])

    def questions(self):
        asked = [ack for ack in self.standing("acknowledgement") if ack.body["answer"] == "needs-information"]
        return self.standing("information-request") + asked

    def informed_by(self, question):
        return first([said for said in self.standing("information") if said.body["of"] == question.id])

    def status(self, number, round_):
        """The first of 5.11 that holds."""
        if self.refused_by(number):
            return "refused"
        if self.withdrawn_by(number):
            return "withdrawn"
        outcome, (seen, row) = self.outcome(number, round_), self.seen(number, round_)
        if outcome:
            answer = row_of(outcome, number, round_)
            after = seen and seen.party == "opener" and row[2] == "offline"
            if answer[2] == "done" and after and claimed(seen, row[5]) >= effective(outcome, answer):
                return "confirmed-offline"
            return answer[2]
        answer = self.answer(number) if round_ == 1 else None
        return answer.body["answer"] if answer else "requested"


QUESTIONS = [
    "void_by", "opening", "claims", "carrier", "known_first", "refused_by", "withdrawn_by", "opened_by", "outcome",
    "seen",
]


# ----------------------------------------------------------- 5.4 to 5.6 the verdict


class Verdict:
    """One statement against its past. `judge` gives what it is about and the rounds that it opens."""

    def __init__(self, fold, said):
        self.said, self.body, self.past, self.opens = said, said.body, View(fold, said.past), set()

    def judge(self):
        said, side = self.said, KINDS[self.said.kind]["side"]
        need(said.past.bit_count() < LIMITS["CASE_STATEMENTS_MAX"], "case-full")
        need(side in ("either", said.party), "wrong-side")
        if KINDS[said.kind]["opens"]:
            need(self.past.opening() is None, "already-open")
            return {item["n"] for item in self.body["items"]}, self.opens
        need(self.past.opening(), "no-opening")
        return set(getattr(self, "_" + said.kind.replace("-", "_"))() or ()), self.opens

    # Shorthands of 5.4.

    def other(self, name):
        other = self.past.named(name)
        need(other, "not-in-past")
        need(other.party != self.said.party, "not-the-other-side")
        return other

    def item(self, number):
        need(number in self.past.claims(), "unknown-item")

    def round(self, number, round_):
        self.item(number)
        need(self.past.open(number, round_), "unknown-round")

    def items(self):
        items = self.body.get("items", self.past.numbers())
        for number in items:
            self.item(number)
        return items

    def covered(self):
        names = self.body.get("names")
        return [number for number in self.items() if names is None or self.past.carrier(number).id in names]

    def need_live(self, numbers, code):
        need(any(self.past.live(number) for number in numbers), code)

    # The kinds.

    def _acknowledgement(self):
        names, by_recipient = self.body.get("names"), self.said.party == "recipient"
        if not self.said.refuses() or names is None:
            need(by_recipient, "wrong-side")
            for name in names or []:
                other = self.other(name)
                need(other.legal and other.kind in CARRIERS, "wrong-target")
            covered = self.covered()
            self.need_live(covered, "nothing-to-answer")
            return covered
        need("items" not in self.body or by_recipient, "wrong-side")
        stands = [self._refusal_stands(name) for name in names]
        covered = self.covered()
        if "items" in self.body:
            self.need_live(covered, "nothing-to-answer")
        else:
            need(any(stands), "nothing-to-answer")
        return covered

    def _refusal_stands(self, name):
        if self.past.named(name) is None and self.body["code"] == "re-missing":
            return True
        other = self.other(name)
        need(not other.legal or KINDS[other.kind]["refusable"], "may-not-refuse")
        return self.past.void_by(other) is None

    def _outcome(self):
        past = self.past
        for number, round_, answer, *_ in self.body["items"]:
            self.round(number, round_)
            need(round_ == past.latest_round(number), "round-final")
            need(answer != "reinstated" or past.acted_on(number), "nothing-to-reinstate")
            need(past.refused_by(number) is None or answer == "reinstated", "item-refused")
        return {row[0] for row in self.body["items"]}

    def _amendment(self):
        new = [item["n"] for item in self.said.rows("items")]
        numbers = self.past.numbers()
        need(not set(new) & set(numbers), "item-exists")
        need(len(numbers) + len(new) <= LIMITS["ITEM_NUMBER_MAX"], "case-full")
        for number, _ in self.said.rows("hosting", "assessments"):
            self.item(number)
            need(self.past.refused_by(number) is None, "item-refused")
            need(self.past.withdrawn_by(number) is None, "item-withdrawn")
        need(self.body.keys() & {"items", "hosting", "urgency", "handling", "assessments"}, "empty")
        return new

    def _withdrawal(self):
        self.need_live(self.items(), "empty")
        return self.items()

    def _dispute(self):
        other = self.other(self.body["of"])
        need(other.legal and other.kind in DISPUTABLE, "wrong-target")
        for number, round_ in self.said.rows("items"):
            self.round(number, round_)
        return {row[0] for row in self.said.rows("items")}

    def _resolution(self):
        dispute = self.past.named(self.body["of"])
        need(dispute, "not-in-past")
        need(dispute.kind == "dispute" and dispute.legal, "wrong-target")
        need((dispute.party == self.said.party) == (self.body["result"] == "withdrawn"), "wrong-side")
        need(self.past.resolved_by(dispute) is None, "no-open-dispute")

    def _information_request(self):
        items = self.items() if "items" in self.body else []
        need(all(self.past.withdrawn_by(number) is None for number in items), "item-withdrawn")
        return items

    def _information(self):
        need(self.other(self.body["of"]) in self.past.questions(), "wrong-target")
        for number, _ in self.said.rows("hosting", "assessments"):
            self.item(number)

    def _observation(self):
        for number, round_, result, _, _, at in self.body["items"]:
            self.round(number, round_)
            again = result == "online" and round_ < LIMITS["ROUND_MAX"]
            if again and self.past.reappears(number, round_, claimed(self.said, at)):
                self.opens.add((number, round_ + 1))
        return {row[0] for row in self.body["items"]}

    def _hold(self):
        """Always legal, and about nothing."""

    def _release(self):
        holds = [hold for hold in self.past.standing("hold")
                 if hold.party == self.said.party and hold.body["by"] == self.body["by"]]
        need(any(self.past.released_by(hold) is None for hold in holds), "nothing-held")

    def _erasure_notice(self):
        what = self.body["what"]
        names = what["statements"] if isinstance(what, dict) else []
        need(all(self.past.named(name) for name in names), "not-in-past")
