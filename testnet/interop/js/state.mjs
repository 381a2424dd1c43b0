// The state of a case in words, with the labels of the vectors (5.11).

import { rows } from './fold.mjs'

/** `said`: how many statements the story has; their labels are s1, s2 … in the order in which they were added. */
export function describe (view, said, named) {
  const label = (one) => Object.keys(named).find((name) => named[name] === one.id) ?? `s${one.number + 1}`
  const labels = (list) => list.map(label).sort().join(' ')
  const found = {}
  const tell = (name, value) => { if (value) found[name] = value }

  tell('opening', view.opening && label(view.opening))
  tell('urgency', view.urgency)
  for (const n of view.numbers) {
    const by = (one) => one && `by ${label(one)}`
    const answer = view.answer(n)
    tell(`item ${n} carrier`, label(view.carrier(n)))
    tell(`item ${n} refused`, by(view.refusedBy(n)))
    tell(`item ${n} withdrawn`, by(view.withdrawnBy(n)))
    tell(`item ${n} answer`, answer && `${answer.body.get('answer')} ${by(answer)}`)
    tell(`item ${n} hosting`, labels(withFacts(view, n)))
    for (let r = 1; r <= view.latestRound(n); r += 1) tellRound(view, n, r, tell, label, labels)
  }
  for (const one of view.ofKind('hold')) {
    const release = view.releasedBy(one)
    tell(`hold ${label(one)}`, release ? `released by ${label(release)}` : 'in force')
  }
  for (const one of view.ofKind('dispute')) {
    const end = view.resolvedBy(one)
    tell(`dispute ${label(one)}`, end ? `${end.body.get('result')} by ${label(end)}` : 'open')
  }
  for (const one of view.legal.filter((one) => view.isQuestion(one))) {
    const answer = view.informedBy(one)
    tell(`question ${label(one)}`, answer ? `answered by ${label(answer)}` : 'open')
  }
  for (const one of view.ofKind('erasure-notice')) tell(`erasure ${label(one)}`, 'told')
  for (const one of view.members.filter((one) => view.voidBy(one))) {
    tell(`void ${label(one)}`, `by ${label(view.voidBy(one))}`)
  }
  return Object.fromEntries(Object.entries(found).sort())
}

function tellRound (view, n, r, tell, label, labels) {
  const outcome = view.outcome(n, r)
  const seen = view.seen(n, r)
  const opened = r > 1 && labels(view.openedBy(n, r))
  tell(`item ${n} round ${r} status`, view.status(n, r))
  tell(`item ${n} round ${r} outcome`, outcome && `${rows(outcome, n, r)[0][2]} by ${label(outcome)}`)
  tell(`item ${n} round ${r} last seen`, seen && `${seen.row[2]} by ${label(seen.said)}`)
  tell(`item ${n} round ${r} superseded`, labels(view.outcomes(n, r).filter((one) => one !== outcome)))
  tell(`item ${n} round ${r} opened`, opened && `by ${opened}`)
}

/** The statements that added a hosting fact to what the carrier brought. */
function withFacts (view, n) {
  return [...view.ofKind('amendment'), ...view.ofKind('information')]
    .filter(({ body }) => (body.get('hosting') ?? []).some(([m]) => m === n))
}
