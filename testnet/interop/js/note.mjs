// Signed notes and checkpoints: their one spelling, and who has signed them (8.4 and 8.10).

import { concat, hex, sameBytes, utf8 } from './cbor.mjs'
import { CDDL, LOG_LIMIT } from './spec.mjs'
import { checkHead } from './tree.mjs'
import { must, sha256, sign, verify } from './wire.mjs'

export const LOG_KEY = 0x01
export const WITNESS_KEY = 0x04

/** A key that is trusted in notes: of a log under its origin, of a witness under its name. */
export function noteKey (name, type, key) {
  const id = sha256(utf8(name), Uint8Array.of(0x0a, type), key).subarray(0, 4)
  return { name, type, key, id: hex(id) }
}

/** `<name>+<key id>+<base64 of type and key>` */
export function readVerifierKey (text) {
  const [name, , encoded] = text.split(/\+([0-9a-f]{8})\+/)
  const [type, ...key] = Buffer.from(encoded, 'base64')
  return noteKey(name, type, Uint8Array.from(key))
}

/** Steps 1 to 6. */
function readNote (bytes) {
  must(bytes.length <= LOG_LIMIT.NOTE_BYTES_MAX, 'note-too-long')
  let note
  try {
    note = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    must(false, 'note-not-utf8')
  }
  must(bytes.every((byte) => byte >= 0x20 || byte === 0x0a), 'note-control-character')
  const end = note.lastIndexOf('\n\n')
  must(end >= 0 && note.endsWith('\n') && end + 2 < note.length, 'note-format')
  const lines = note.slice(end + 2, -1).split('\n')
  must(lines.length <= LOG_LIMIT.NOTE_SIGNATURES_MAX, 'note-too-many-signatures')
  return { text: note.slice(0, end + 1), lines: lines.map(readLine) }
}

function readLine (line) {
  const found = /^\u2014 ([^\p{White_Space}\p{Cc}+]+) ([A-Za-z0-9+/]+={0,2})$/u.exec(line)
  must(found && utf8(found[1]).length <= LOG_LIMIT.KEY_NAME_BYTES_MAX, 'note-signature-format')
  const bytes = base64(found[2])
  must(bytes && bytes.length >= 5, 'note-signature-format')
  return { name: found[1], id: hex(bytes.subarray(0, 4)), signature: Uint8Array.from(bytes.subarray(4)) }
}

/** Base64 in its one spelling, or nothing. */
function base64 (text) {
  const bytes = Buffer.from(text, 'base64')
  return bytes.toString('base64') === text ? bytes : null
}

/** A checkpoint: steps 1 to 12. */
export function readCheckpoint (bytes) {
  const note = readNote(bytes)
  const lines = note.text.slice(0, -1).split('\n')
  must(lines.length >= 3, 'checkpoint-format')
  must(lines.length === 3, 'checkpoint-extension-line')
  const [origin, digits, encoded] = lines
  must(CDDL.fits('origin', origin).right, 'checkpoint-origin')
  must(/^(0|[1-9]\d{0,19})$/.test(digits) && BigInt(digits) < 2n ** 64n, 'checkpoint-size-format')
  const root = base64(encoded)
  must(root?.length === 32, 'checkpoint-root-format')
  checkHead(BigInt(digits), root)
  return { ...note, origin, size: Number(digits), root: Uint8Array.from(root) }
}

/** Whether the key of its log has signed it: step 13 and those that follow. */
export function checkSignedBy (checkpoint, key) {
  must(key.type === LOG_KEY && key.name === checkpoint.origin, 'checkpoint-key-of-another')
  return signers(checkpoint, [key])
}

/** Steps 14 to 16: the lines of trusted keys. */
export function signers ({ text, lines }, keys) {
  const signed = []
  for (const line of lines) {
    const trusted = keys.filter(({ name, id }) => name === line.name && id === line.id)
    const [key, ...others] = trusted
    if (!key) continue
    must(others.every((other) => other.type === key.type && sameBytes(other.key, key.key)), 'note-keys-collide')
    const found = key.type === WITNESS_KEY ? readCosignature(text, line.signature) : { message: text, ...line }
    must(found?.signature.length === 64, 'note-signature-invalid')
    must(verify(key.key, utf8(found.message), found.signature), 'note-signature-invalid')
    signed.push({ name: key.name, time: found.time })
  }
  must(signed.length > 0, 'note-not-signed')
  return signed
}

/** What a witness has signed: 8.10. */
function readCosignature (text, bytes) {
  if (bytes.length !== 72) return null
  const time = Buffer.from(bytes).readBigUInt64BE()
  if (time > LOG_LIMIT.COSIGNATURE_TIME_MAX) return null
  return { time, message: `cosignature/v1\ntime ${time}\n${text}`, signature: bytes.subarray(8) }
}

/** The checkpoint of one's own log. */
export function makeCheckpoint (key, seed, size, root) {
  const text = `${key.name}\n${size}\n${Buffer.from(root).toString('base64')}\n`
  const line = concat(Buffer.from(key.id, 'hex'), sign(seed, utf8(text)))
  return `${text}\n\u2014 ${key.name} ${Buffer.from(line).toString('base64')}\n`
}
