// The facts of what a statement says, as they stand in a log beside its record (8.7).

import { randomBytes } from 'node:crypto'
import { compareBytes, encode, utf8 } from './cbor.mjs'
import { LIMIT } from './spec.mjs'

/** Facts with a fresh salt. */
export const makeFacts = (members) => encode({ salt: new Uint8Array(randomBytes(16)), ...members })

export function factsOf ({ kind, body, said, iat }) {
  const of = (...kinds) => kinds.includes(kind)
  const get = (name, ...kinds) => of(...kinds) ? body.get(name) : undefined
  const asks = of('takedown-request', 'referral', 'transfer')
  return makeFacts({
    claimed: iat * 1000,
    re: some(said.get('re')),
    urgency: get('urgency', 'takedown-request', 'referral', 'transfer', 'amendment'),
    reported_at: get('reported_at', 'takedown-request', 'referral'),
    clocks: some(get('clocks', 'takedown-request')),
    jurisdictions: asks ? jurisdictions(body) : undefined,
    standing: of('takedown-request', 'referral') ? standings(body) : undefined,
    by: of('outcome') ? outcomeBy(body) : get('by', 'acknowledgement', 'hold', 'release'),
    code: get('code', 'acknowledgement', 'withdrawal', 'dispute') ?? get('result', 'resolution', 'hold', 'release') ??
      get('ground', 'erasure-notice'),
    answer: get('answer', 'acknowledgement'),
    basis: get('basis', 'outcome', 'observation', 'withdrawal'),
    complete: get('complete', 'outcome'),
    items: get('items', 'outcome')?.map(outcomeRow) ?? get('items', 'observation')?.map(observedRow),
    until: get('until', 'hold', 'release')
  })
}

const some = (list) => list?.length > 0 ? list : undefined
const byText = (a, b) => compareBytes(utf8(a), utf8(b))

function jurisdictions (body) {
  const hosted = body.get('items').flatMap((item) => item.get('hosting').map((fact) => fact.get('country')))
  const grounds = (body.get('basis') ?? []).map((ground) => ground.get('jurisdiction'))
  const all = new Set([...hosted, ...grounds].filter(Boolean))
  return some([...all].sort(byText).slice(0, LIMIT.TERRITORIES_MAX))
}

/** Of the first assessment of each item; of several rows of one country that of the first item. */
function standings (body) {
  const found = new Map()
  const first = body.get('items').map((item) => item.get('assessments')[0]).filter(Boolean)
  for (const [country, standing] of first.flatMap((assessment) => assessment.get('standing'))) {
    if (!found.has(country)) found.set(country, standing)
  }
  return some([...found].sort(([a], [b]) => byText(a, b)).slice(0, LIMIT.STANDINGS_MAX))
}

function outcomeBy (body) {
  const automated = body.get('items').every(([, , , measures]) =>
    measures.length > 0 && measures.every((measure) => measure.get('automated')))
  return automated ? 'automation' : 'person'
}

function outcomeRow ([n, round, answer, measures]) {
  const times = measures.map((measure) => measure.get('effective_at'))
  return [n, round, answer, measures, times.length > 0 ? Math.max(...times) : null]
}

const observedRow = ([n, round, result, , , at]) => [n, round, result, [], at]
