// What a charter and a roster must be in themselves, whoever signed them (7.3 and 7.5).

import { hex, isBytes, sameBytes } from './cbor.mjs'
import { kidOf, must, shallow, structure, usable } from './wire.mjs'

export function checkCharter (payload, { version } = {}) {
  const value = content(payload, 'charter')
  must(value.get('k') <= value.get('keys').length, 'threshold-above-keys')
  const first = value.get('version') === 1
  must(first === !value.has('previous') && first === (value.get('first_roster') === 1), 'first-misplaced')
  must(!version || value.get('version') === version, 'version-gap')
  must(value.get('keys').every(usable), 'weak-key')
  return value
}

export function checkRoster (payload, fed) {
  const value = content(payload, 'roster')
  const members = value.get('members')
  must(members.every((member) => (member.get('ext') ?? []).every(([, critical]) => !critical)), 'unknown-critical')
  must(value.get('issued') < value.get('expires'), 'expires-too-early')
  must(value.get('version') !== 1 || hex(value.get('previous')) === fed, 'first-misplaced')
  const resolves = value.get('resolves')
  must(!resolves || (value.get('version') !== 1 && Buffer.compare(...resolves) < 0), 'resolves-misplaced')
  for (const member of members) checkMember(member, fed)
  checkNothingTwice(members)
  return value
}

function content (payload, rule) {
  shallow(payload)
  const { value, over } = structure(payload, rule, 'bad-payload')
  must(over.length === 0, 'over-limit')
  return value
}

function checkMember (member, fed) {
  const keys = member.get('keys')
  const lists = (kid, purpose) => keys.some((key) => sameBytes(key.get('kid'), kid) && key.get('purpose') === purpose)
  for (const key of keys) {
    must(sameBytes(kidOf(key.get('public')), key.get('kid')), 'kid-mismatch')
    const until = key.get('until')
    must(until === undefined || until >= key.get('from'), 'key-times')
    must(key.get('ended') !== 'superseded' || until !== undefined, 'key-times')
  }
  const logs = member.get('logs')
  for (const [i, log] of logs.entries()) {
    const [federation, id, number] = log.get('origin').split('/')
    must(federation === fed && id === member.get('id'), 'foreign-origin')
    must(Number(number) === i + 1, 'log-numbers')
    must(lists(log.get('key'), 'log'), 'log-key-missing')
    must(!logs.some((other) => other !== log && sameBytes(other.get('key'), log.get('key'))), 'log-key-shared')
  }
  must(logs.filter((log) => log.get('state') === 'open').length <= 1, 'two-open-logs')
  must(member.get('nodes').every((node) => lists(node.get('key'), 'transport')), 'node-key-missing')
  must(member.get('owns').get('domains').every((domain) => domain.includes('.')), 'not-a-domain')
  must(member.get('owns').get('prefixes').every(hasPrefixForm), 'prefix-form')
}

const MAPPED = Buffer.from('00000000000000000000ffff', 'hex')

function hasPrefixForm ([address, length]) {
  const bits = [...address].map((byte) => byte.toString(2).padStart(8, '0')).join('')
  return !bits.slice(length).includes('1') && !(address.length === 16 && MAPPED.equals(address.subarray(0, 12)))
}

/** Keys and what is owned, over all members: steps 6 and 7. */
function checkNothingTwice (members) {
  const keys = new Set()
  const owned = new Set()
  const fresh = (seen, names, code) => {
    must(!names.some((name) => seen.has(name)), code)
    for (const name of names) seen.add(name)
  }
  for (const member of members) {
    fresh(keys, member.get('keys').map((key) => hex(key.get('kid'))), 'key-used-twice')
    const owns = [...member.get('owns')].flatMap(([sort, entries]) => entries.map((entry) => `${sort} ${text(entry)}`))
    fresh(owned, owns, 'owned-twice')
  }
}

const text = (entry) => Array.isArray(entry) ? entry.map(text).join('/') : isBytes(entry) ? hex(entry) : String(entry)
