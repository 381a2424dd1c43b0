// The files of the specification, as data: structures, registries and limits. Nothing of them is typed again here.

import { readFileSync } from 'node:fs'
import process from 'node:process'
import { Cddl } from './cddl.mjs'

export const HOME = process.env.COMITY_SPEC ?? new URL('../../../protocol-spec', import.meta.url).pathname

/** The values of a registry, as objects. Each stands on a line of its own. */
function registry (name) {
  const text = readFileSync(`${HOME}/registries/${name}.toml`, 'utf8')
  return [...text.matchAll(/^ *\{ (.*) \},?$/gm)].map(([, members]) => Object.fromEntries(
    [...members.matchAll(/(\w+) = ("(?:[^"\\]|\\.)*"|[\w-]+)/g)].map(([, key, value]) => [key, scalar(value)])))
}

function scalar (value) {
  if (/^\d{16,}$/.test(value) && Number(value) > Number.MAX_SAFE_INTEGER) return BigInt(value)
  return JSON.parse(value)
}

/** Limits by owner, then by name (chapter 13). */
function limits () {
  const owners = {}
  const rows = registry('limit')
  for (const { id, owner, value, same_as: same } of rows) {
    owners[owner] ??= {}
    owners[owner][id] = value ?? rows.find((row) => row.id === same).value
  }
  return owners
}

const BY_OWNER = limits()
export const LOG_LIMIT = BY_OWNER.log
export const LIMIT = { ...BY_OWNER.log, ...BY_OWNER.case, ...BY_OWNER.trust, ...BY_OWNER.wire }

export const KINDS = new Map(registry('kind').map((kind) => [kind.id, kind]))
export const CHECKS = new Map(registry('check').map((check) => [check.code, check]))
export const CDDL = new Cddl(readFileSync(`${HOME}/comity.cddl`, 'utf8'), LIMIT)

/** How long a request and a reply may be, and how much time both have, by protocol (6.2). */
export const PROTOCOLS = Object.fromEntries(registry('protocol').map(({ id, meaning }) => {
  const [request, reply, time] = [...meaning.matchAll(/`([A-Z_]+)`/g)].map(([, name]) => LIMIT[name])
  return [id, { request, reply, time }]
}))
