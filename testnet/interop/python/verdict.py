"""What a case comes to, in the words of `protocol-spec/vectors/README.md`."""

from fold import latest, row_of


def state_in_words(view, labels):
    words = {}

    def label(said):
        return labels[said.id]

    def tell(name, said, before="by "):
        if said:
            words[name] = before + label(said)

    def tell_all(name, found, before=""):
        if found:
            words[name] = before + " ".join(sorted(map(label, found)))

    opening = view.opening()
    tell("opening", opening, "")
    urgent = latest([said for said in view.standing("amendment") if "urgency" in said.body])
    words["urgency"] = (urgent or opening).body["urgency"]
    for n in view.numbers():
        tell(f"item {n} carrier", view.carrier(n), "")
        tell(f"item {n} refused", view.refused_by(n))
        tell(f"item {n} withdrawn", view.withdrawn_by(n))
        answer = view.answer(n)
        tell(f"item {n} answer", answer, f"{answer.body['answer']} by " if answer else "")
        facts = view.standing("amendment", "information")
        tell_all(f"item {n} hosting", [said for said in facts if n in [row[0] for row in said.rows("hosting")]])
        for r in range(1, view.latest_round(n) + 1):
            name = f"item {n} round {r}"
            words[f"{name} status"] = view.status(n, r)
            outcome, (seen, row) = view.outcome(n, r), view.seen(n, r)
            tell(f"{name} outcome", outcome, f"{row_of(outcome, n, r)[2]} by " if outcome else "")
            tell(f"{name} last seen", seen, f"{row[2]} by " if seen else "")
            tell_all(f"{name} superseded", [said for said in view.outcomes(n, r) if said is not outcome])
            tell_all(f"{name} opened", view.opened_by(n, r) if r > 1 else [], "by ")
    for hold in view.standing("hold"):
        words[f"hold {label(hold)}"] = "in force"
        tell(f"hold {label(hold)}", view.released_by(hold), "released by ")
    for dispute in view.standing("dispute"):
        end = view.resolved_by(dispute)
        words[f"dispute {label(dispute)}"] = "open"
        tell(f"dispute {label(dispute)}", end, f"{end.body['result']} by " if end else "")
    for question in view.questions():
        words[f"question {label(question)}"] = "open"
        tell(f"question {label(question)}", view.informed_by(question), "answered by ")
    for notice in view.standing("erasure-notice"):
        words[f"erasure {label(notice)}"] = "told"
    for said in view.fold.all:
        tell(f"void {label(said)}", view.void_by(said))
    return words
