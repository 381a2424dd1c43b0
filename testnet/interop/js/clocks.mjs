// Legal clocks: which run in a case, and when they are due (chapter 17).

import { readdirSync, readFileSync } from 'node:fs'
import { HOME } from './spec.mjs'

/** The published clocks by id, and the countries of each area, from the files of the specification (17.1). */
const { published, areas } = readClocks(`${HOME}/clocks`)

function readClocks (dir) {
  const files = readdirSync(dir).filter((name) => name.endsWith('.toml'))
    .map((name) => readToml(readFileSync(`${dir}/${name}`, 'utf8')))
  const tables = files.flatMap(({ head, tables }) => tables.map((table) => ({ ...head, ...table })))
  return {
    published: new Map(tables.filter(({ id }) => id).map((clock) => [clock.id, clock])),
    areas: new Map(tables.filter(({ countries }) => countries).map(({ code, countries }) => [code, countries]))
  }
}

/** The part of TOML that these files use: texts, lists of texts, one inline table, and tables in a list. */
function readToml (text) {
  const head = {}
  const tables = []
  for (const [, name, value] of text.matchAll(/^\[\[\w+\]\]$|^(\w+) = (\[[^[]*?\]|.*)$/gm)) {
    if (!name) tables.push({})
    else Object.assign(tables.at(-1) ?? head, { [name]: readValue(value) })
  }
  return { head, tables }
}

function readValue (value) {
  const json = value.startsWith('{') ? value.replace(/(\w+) = /g, '"$1": ') : value.replace(/,\s*\]$/, ']')
  return JSON.parse(json)
}

// ------------------------------------------------------------ which clocks run: 17.2

/** Pairs of an id and how it runs or why it does not, in the order of the charter, then of the claims. */
export function chooseClocks (request) {
  const { charter, claimed } = request
  const listed = charter.map(([id, duration]) => [id, word(id, duration, request)]).filter(([, found]) => found)
  const others = claimed.filter((id) => !charter.some(([known]) => known === id))
  return [...listed, ...others.map((id) => [id, 'not-in-force'])]
}

function word (id, duration, request) {
  const clock = published.get(id)
  const isClaimed = request.claimed.includes(id)
  if (!clock) return duration === null ? 'unknown' : 'charter'
  const { kinds, capacities = [], start } = clock
  const suits = kinds.includes(request.kind) && (capacities.length === 0 || capacities.includes(request.capacity))
  if (!suits) return isClaimed && 'does-not-apply'
  const by = applies(clock, request) ? clock.place : isClaimed && 'claim'
  if (!by) return undefined
  if (start === 'outside') return 'not-computed'
  return isLaw(clock, Date.parse(request.registered_at)) ? by : 'not-law'
}

function applies ({ place, area, instrument, natures = [], articles = [] }, { grounds, recipient }) {
  const isThere = (country) => country === area || areas.get(area)?.includes(country)
  if (place === 'recipient') return recipient.some(isThere)
  return grounds.some((ground) => ground.instrument === instrument && natures.includes(ground.nature) &&
    isThere(ground.jurisdiction) && (articles.length === 0 || articles.includes(articleNumber(ground.article))))
}

const articleNumber = (article = '') => /\d[A-Za-z0-9]*/.exec(article)?.[0]

function isLaw ({ from, to = '9999-12-31', zone }, at) {
  const day = new Date(wall(at, zone)).toISOString().slice(0, 10)
  return from <= day && day <= to
}

// ------------------------------------------------------------ when it is due: 17.4 and 17.5

const HOUR = 3_600_000
const DAY = 24 * HOUR

/** The due time or null, the milliseconds stood still, and whether it stands still. */
export function dueTime ({ clock, period = published.get(clock)?.period, zone = published.get(clock)?.zone, ...seen }) {
  const start = Date.parse(seen.started_at)
  const until = Date.parse(seen.until)
  const found = { base: start, still: 0, paused: 0, isPaused: false }
  let before = start
  for (const { from, to, effect } of inOrder(seen.pauses ?? [])) {
    const isOver = to <= until
    const begin = Math.max(from, before)
    const end = isOver ? to : until
    const due = ends(found, period, zone)
    before = Math.max(before, end)
    if (end < begin || (due !== null && due <= begin)) continue
    found.paused += end - begin
    found.isPaused = !isOver
    if (effect === 'restart') Object.assign(found, { base: end, still: 0 })
    else found.still += end - begin
  }
  const due = ends(found, period, zone)
  const text = due === null ? null : new Date(due).toISOString().replace('.000Z', 'Z')
  return { due: text, paused_ms: found.paused, is_paused: found.isPaused }
}

function inOrder (pauses) {
  return pauses.map(({ from, to, effect }) => ({ from: Date.parse(from), to: to ? Date.parse(to) : Infinity, effect }))
    .sort((a, b) => a.from - b.from || a.to - b.to)
}

/** The end of a period that began at `base` and stood still for a while. */
function ends ({ base, still }, period, zone) {
  if (!period) return null
  if (period.hours) return base + period.hours * HOUR + still
  const last = add(wall(base, zone), period)
  if (period.ends === 'same-time') return instant(last, zone) + still
  const moved = still > 0 ? wall(endOfDay(last, zone) - 1 + still, zone) : last
  return endOfDay(period.last_day === 'next-weekday' ? weekday(moved) : moved, zone)
}

/** Years and months to the date, or to the last day of that month; then weeks and days. `local`: as if it were UTC. */
function add (local, { years = 0, months = 0, weeks = 0, days = 0 }) {
  const at = new Date(local)
  const day = at.getUTCDate()
  at.setUTCDate(1)
  at.setUTCMonth(at.getUTCMonth() + 12 * years + months)
  const length = new Date(Date.UTC(at.getUTCFullYear(), at.getUTCMonth() + 1, 0)).getUTCDate()
  at.setUTCDate(Math.min(day, length))
  return at.getTime() + (7 * weeks + days) * DAY
}

/** A Saturday or a Sunday is moved to the Monday after it. */
function weekday (local) {
  const later = { 6: 2, 0: 1 }[new Date(local).getUTCDay()] ?? 0
  return local + later * DAY
}

/** The moment at which the next day begins in the zone. */
const endOfDay = (local, zone) => instant((Math.floor(local / DAY) + 1) * DAY, zone)

/** What the clocks on the wall show, as if it were UTC. */
const wall = (at, zone) => at + offset(at, zone)

/** When the clocks on the wall show this: the first time of two, and later by what is left out if they never do. */
function instant (local, zone) {
  const [before, after] = [offset(local - DAY, zone), offset(local + DAY, zone)]
  const first = local - before
  const second = local - after
  return offset(first, zone) !== before && offset(second, zone) === after ? second : first
}

/** By the time zones that Node ships. */
function offset (at, zone) {
  const format = new Intl.DateTimeFormat('en', { timeZone: zone, timeZoneName: 'longOffset' })
  const { value } = format.formatToParts(at).find(({ type }) => type === 'timeZoneName')
  const [, sign, hours, minutes] = /GMT(?:([+-])(\d{2}):(\d{2}))?/.exec(value)
  return (sign === '-' ? -1 : 1) * (Number(hours ?? 0) * HOUR + Number(minutes ?? 0) * 60_000)
}
