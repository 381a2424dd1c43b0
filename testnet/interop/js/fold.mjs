// What a set of statements of one case comes to (chapter 5). The verdict of each is in verdict.mjs; here are the
// questions that both verdicts and the state ask of a set (5.3), with the names of the specification.

import { compareBytes, hex, unhex } from './cbor.mjs'
import { KINDS } from './spec.mjs'
import { judge } from './verdict.mjs'

/** A case and its statements: those that openPayload() gives. */
export class Case {
  #byId = new Map()
  #all = []

  constructor (opener) { this.opener = opener }

  /** Takes a statement whose causal past is here. */
  add (statement) {
    const id = hex(statement.id)
    const named = statement.said.get('re').map((other) => this.#byId.get(hex(other)))
    const said = {
      id,
      kind: statement.kind,
      body: statement.body,
      iat: statement.iat * 1000,
      party: statement.issuer === this.opener ? 'opener' : 'recipient',
      number: this.#all.length,
      rank: Math.max(-1, ...named.map(({ rank }) => rank)) + 1,
      past: named.reduce((past, other) => past | other.past | (1n << BigInt(other.number)), 0n)
    }
    this.#byId.set(id, said)
    this.#all.push(said)
    return said
  }

  /** The verdict: `{ code }` if it is forbidden, else what it is about and which rounds it opens. Given once. */
  verdict (said) {
    said.verdict ??= judge(said, () => this.view(this.#all.filter((other) => isIn(other, said))), pastSize(said))
    return said.verdict
  }

  view (members = this.#all) {
    const inOrder = [...members].sort((a, b) => a.rank - b.rank || byId(a, b))
    for (const said of inOrder) this.verdict(said)
    return new View(inOrder)
  }
}

const isIn = (one, other) => ((other.past >> BigInt(one.number)) & 1n) === 1n // one is in past(other)
const pastSize = ({ past }) => past.toString(2).replaceAll('0', '').length
const byId = (a, b) => compareBytes(unhex(a.id), unhex(b.id))
const isCarrierKind = (kind) => KINDS.get(kind).opens || kind === 'amendment'
const claimed = (said, time) => Math.min(time, said.iat + 999)

/** Smallest by the values that `key` gives, in their order. */
function smallest (list, key) {
  const order = (a, b) => key(a).reduce((found, value, i) => found || value - key(b)[i], 0) || byId(a, b)
  return [...list].sort(order)[0]
}

export const rows = (said, n, r) => said.body.get('items').filter(([m, round]) => m === n && (!r || round === r))

/** A set that is closed under `re`, in the order of (rank, id). */
class View {
  #answers = new Map()

  constructor (members) {
    this.members = members
    this.legal = members.filter(({ verdict }) => !verdict.code)
  }

  #once (question, compute) {
    if (!this.#answers.has(question)) this.#answers.set(question, compute())
    return this.#answers.get(question)
  }

  byId (id) { return this.members.find((said) => said.id === id) }
  ofKind (kind) { return this.legal.filter((said) => said.kind === kind && this.standing(said)) }
  latest (set) {
    const heads = set.filter((one) => !set.some((other) => isIn(one, other)))
    return heads.sort(byId).at(-1)
  }

  voidBy (said) {
    return this.#once(`void ${said.id}`, () => this.legal.find((a) => {
      const { body } = a
      if (a.kind !== 'acknowledgement' || a.party === said.party) return false
      if (body.get('answer') !== 'refused' || body.has('items')) return false
      if (!body.has('names')) return isCarrierKind(said.kind) && isIn(said, a)
      return body.get('names').some((id) => hex(id) === said.id) && (isIn(said, a) || this.#missed(said, a))
    }))
  }

  #missed (said, a) {
    return this.members.some((one) => one.party === said.party && isIn(one, said) && !isIn(one, a))
  }

  standing (said) { return !said.verdict.code && !this.voidBy(said) }

  get opening () {
    return smallest(this.legal.filter(({ kind }) => KINDS.get(kind).opens), (said) => [this.voidBy(said) ? 1 : 0])
  }

  get #carriers () { return this.legal.filter(({ kind }) => isCarrierKind(kind)) }

  get numbers () {
    const all = this.#carriers.flatMap(({ body }) => (body.get('items') ?? []).map((item) => item.get('n')))
    return [...new Set(all)].sort((a, b) => a - b)
  }

  carrier (n) {
    return this.#once(`carrier ${n}`, () => {
      const claims = this.#carriers.filter(({ body }) => (body.get('items') ?? []).some((item) => item.get('n') === n))
      return smallest(claims, (said) => [this.voidBy(said) ? 1 : 0, this.#knownFirst(said)])
    })
  }

  /** A great number where the specification says infinite, so that two of them are equal. */
  #knownFirst (said) {
    const knowing = this.members.filter((one) => one.party === 'recipient' && isIn(said, one))
    return Math.min(Number.MAX_SAFE_INTEGER, ...knowing.map(({ rank }) => rank))
  }

  about (kind, n) {
    return this.ofKind(kind).filter((said) => said.verdict.about.includes(n) && isIn(this.carrier(n), said))
  }

  refusedBy (n) {
    return this.#once(`refused ${n}`, () => this.legal.find((said) =>
      said.kind === 'acknowledgement' && said.body.get('answer') === 'refused' && said.body.has('items') &&
      said.verdict.about.includes(n) && isIn(this.carrier(n), said)) ?? this.voidBy(this.carrier(n)))
  }

  withdrawnBy (n) { return this.about('withdrawal', n)[0] }
  live (n) { return !this.refusedBy(n) && !this.withdrawnBy(n) }
  answer (n) {
    return this.latest(this.about('acknowledgement', n).filter(({ body }) => body.get('answer') !== 'refused'))
  }

  openedBy (n, r) {
    return this.ofKind('observation').filter((said) =>
      said.verdict.opens.some(([m, round]) => m === n && round === r) && isIn(this.carrier(n), said))
  }

  open (n, r) { return r === 1 || this.openedBy(n, r).length > 0 }
  latestRound (n) {
    const opened = this.ofKind('observation').flatMap(({ verdict }) => verdict.opens)
      .filter(([m, r]) => m === n && this.open(n, r))
    return Math.max(1, ...opened.map(([, r]) => r))
  }

  outcomes (n, r) {
    return this.ofKind('outcome').filter((said) => rows(said, n, r).length > 0 && isIn(this.carrier(n), said))
  }

  outcome (n, r) { return this.latest(this.outcomes(n, r)) }

  effective (said, [, , , measures]) {
    const times = measures.map((measure) => measure.get('effective_at'))
    return times.length > 0 ? claimed(said, Math.max(...times)) : said.iat
  }

  reappears (n, r, said, at) {
    const outcome = this.outcome(n, r)
    if (!outcome) return false
    const [row] = rows(outcome, n, r)
    return ['done', 'not-found', 'moved'].includes(row[2]) && claimed(said, at) > this.effective(outcome, row)
  }

  actedOn (n) {
    const inEffect = ([, , answer]) => answer === 'done' || answer === 'partly'
    return this.about('outcome', n).some((said) => rows(said, n).some(inEffect)) ||
      this.about('acknowledgement', n).some(({ body }) => body.get('answer') === 'already-actioned')
  }

  /** The observation that counts for what was last seen, with its row. */
  seen (n, r) {
    const all = this.ofKind('observation').filter((said) => isIn(this.carrier(n), said))
      .flatMap((said) => rows(said, n, r).map((row) => ({ said, row, at: claimed(said, row[5]) })))
      .filter(({ row }) => row[2] !== 'not-checked')
    return all.sort((a, b) => a.at - b.at || byId(a.said, b.said)).at(-1)
  }

  releasedBy (hold) {
    return this.ofKind('release').find((said) => said.party === hold.party &&
      said.body.get('by') === hold.body.get('by') && isIn(hold, said))
  }

  resolvedBy (dispute) {
    return this.latest(this.ofKind('resolution').filter(({ body }) => hex(body.get('of')) === dispute.id))
  }

  isQuestion (said) {
    return this.standing(said) && (said.kind === 'information-request' ||
      (said.kind === 'acknowledgement' && said.body.get('answer') === 'needs-information'))
  }

  informedBy (question) { return this.ofKind('information').find(({ body }) => hex(body.get('of')) === question.id) }

  /** Where a round stands: the first that holds (5.11). */
  status (n, r) {
    if (this.refusedBy(n)) return 'refused'
    if (this.withdrawnBy(n)) return 'withdrawn'
    const outcome = this.outcome(n, r)
    if (outcome) {
      const [row] = rows(outcome, n, r)
      const seen = this.seen(n, r)
      const confirmed = row[2] === 'done' && seen?.said.party === 'opener' && seen.row[2] === 'offline' &&
        seen.at >= this.effective(outcome, row)
      return confirmed ? 'confirmed-offline' : row[2]
    }
    return (r === 1 && this.answer(n)?.body.get('answer')) || 'requested'
  }

  /** Of what standing amendments set, the latest; else what the opening says. */
  get urgency () {
    const set = this.latest(this.ofKind('amendment').filter(({ body }) => body.has('urgency')))
    return (set ?? this.opening)?.body.get('urgency')
  }
}
