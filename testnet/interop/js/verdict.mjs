// The verdict of a statement: legal or forbidden by its causal past, with one code (5.4 to 5.6).

import { hex } from './cbor.mjs'
import { KINDS, LIMIT } from './spec.mjs'
import { must, Refused } from './wire.mjs'

const CONTESTABLE = ['acknowledgement', 'outcome', 'amendment', 'withdrawal', 'observation']

/** `past()` gives the view of the causal past; `size`: how many statements that has. */
export function judge (said, past, size) {
  try {
    must(size < LIMIT.CASE_STATEMENTS_MAX, 'case-full')
    const { side, opens } = KINDS.get(said.kind)
    must(side === 'either' || side === said.party, 'wrong-side')
    const view = past()
    if (opens) {
      must(!view.opening, 'already-open')
      return { about: broughtBy(said), opens: [] }
    }
    must(view.opening, 'no-opening')
    const { about = [], rounds = [] } = RULES[said.kind](said.body, new Past(view, said), said) ?? {}
    return { about, opens: rounds }
  } catch (error) {
    if (error instanceof Refused) return { code: error.code, about: [], opens: [] }
    throw error
  }
}

const broughtBy = ({ body }) => (body.get('items') ?? []).map((item) => item.get('n'))
const itemsOf = (list) => list.map(([n]) => n)

/** The shorthands of 5.4. */
class Past {
  constructor (view, said) { Object.assign(this, { view, party: said.party }) }

  find (id) {
    const found = this.view.byId(hex(id))
    must(found, 'not-in-past')
    return found
  }

  other (id) {
    const found = this.find(id)
    must(found.party !== this.party, 'not-the-other-side')
    return found
  }

  item (n) { must(this.view.numbers.includes(n), 'unknown-item') }

  round (n, r) {
    this.item(n)
    must(this.view.open(n, r), 'unknown-round')
  }

  named (items) {
    for (const n of items ?? []) this.item(n)
    return items ?? this.view.numbers
  }

  covered (body) {
    const names = body.get('names')?.map(hex)
    return this.named(body.get('items')).filter((n) => !names || names.includes(this.view.carrier(n).id))
  }

  someLive (items, code) { must(items.some((n) => this.view.live(n)), code) }
}

const RULES = {
  acknowledgement (body, past) {
    const names = body.get('names')
    if (body.get('answer') === 'refused' && names) return refuseByName(body, past)
    must(past.party === 'recipient', 'wrong-side')
    for (const id of names ?? []) {
      const target = past.other(id)
      must(!target.verdict.code && (KINDS.get(target.kind).opens || target.kind === 'amendment'), 'wrong-target')
    }
    const about = past.covered(body)
    past.someLive(about, 'nothing-to-answer')
    return { about }
  },

  outcome (body, past) {
    for (const [n, r, answer] of body.get('items')) {
      past.round(n, r)
      must(r === past.view.latestRound(n), 'round-final')
      const reinstated = answer === 'reinstated'
      must(!reinstated || past.view.actedOn(n), 'nothing-to-reinstate')
      must(reinstated || !past.view.refusedBy(n), 'item-refused')
    }
    return { about: itemsOf(body.get('items')) }
  },

  amendment (body, past, said) {
    const added = broughtBy(said)
    const { numbers } = past.view
    must(!added.some((n) => numbers.includes(n)), 'item-exists')
    must(numbers.length + added.length <= LIMIT.ITEM_NUMBER_MAX, 'case-full')
    for (const [n] of [...body.get('hosting') ?? [], ...body.get('assessments') ?? []]) {
      past.item(n)
      must(!past.view.refusedBy(n), 'item-refused')
      must(!past.view.withdrawnBy(n), 'item-withdrawn')
    }
    must(['items', 'hosting', 'urgency', 'handling', 'assessments'].some((name) => body.has(name)), 'empty')
    return { about: added }
  },

  withdrawal (body, past) {
    const about = past.named(body.get('items'))
    past.someLive(about, 'empty')
    return { about }
  },

  dispute (body, past) {
    const target = past.other(body.get('of'))
    const contestable = KINDS.get(target.kind).opens || CONTESTABLE.includes(target.kind)
    must(!target.verdict.code && contestable, 'wrong-target')
    for (const [n, r] of body.get('items') ?? []) past.round(n, r)
    return { about: itemsOf(body.get('items') ?? []) }
  },

  resolution (body, past) {
    const dispute = past.find(body.get('of'))
    must(dispute.kind === 'dispute' && !dispute.verdict.code, 'wrong-target')
    must((dispute.party === past.party) === (body.get('result') === 'withdrawn'), 'wrong-side')
    must(!past.view.resolvedBy(dispute), 'no-open-dispute')
  },

  'information-request' (body, past) {
    if (!body.has('items')) return
    const about = past.named(body.get('items'))
    must(!about.some((n) => past.view.withdrawnBy(n)), 'item-withdrawn')
    return { about }
  },

  information (body, past) {
    must(past.view.isQuestion(past.other(body.get('of'))), 'wrong-target')
    for (const [n] of [...body.get('hosting') ?? [], ...body.get('assessments') ?? []]) past.item(n)
  },

  observation (body, past, said) {
    const rounds = []
    for (const [n, r, result, , , at] of body.get('items')) {
      past.round(n, r)
      const again = result === 'online' && r < LIMIT.ROUND_MAX && past.view.reappears(n, r, said, at)
      if (again) rounds.push([n, r + 1])
    }
    return { about: itemsOf(body.get('items')), rounds }
  },

  hold () {},

  release (body, past) {
    const held = past.view.ofKind('hold').some((hold) => hold.party === past.party &&
      hold.body.get('by') === body.get('by') && !past.view.releasedBy(hold))
    must(held, 'nothing-held')
  },

  'erasure-notice' (body, past) {
    const what = body.get('what')
    if (what !== 'case') for (const id of what.get('statements')) past.find(id)
  }
}

/** An acknowledgement that refuses what it names (5.5). */
function refuseByName (body, past) {
  must(!body.has('items') || past.party === 'recipient', 'wrong-side')
  const stands = body.get('names').map((id) => {
    if (!past.view.byId(hex(id)) && body.get('code') === 're-missing') return true
    const target = past.other(id)
    must(target.verdict.code || KINDS.get(target.kind).refusable, 'may-not-refuse')
    return !past.view.voidBy(target)
  })
  const about = past.covered(body)
  if (body.has('items')) past.someLive(about, 'nothing-to-answer')
  else must(stands.includes(true), 'nothing-to-answer')
  return { about }
}
