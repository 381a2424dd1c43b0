// The receipt once more, by libraries that are not ours and know nothing of this protocol.

import cose from '@transmute/cose'
import { ed25519 } from '@noble/curves/ed25519.js'
import { decode } from './cbor.mjs'
import { Refused, sigStructure } from './wire.mjs'

/** RFC 9942 with RFC 9162 by one library, Ed25519 by another: their names, or the receipt is not believed. */
export async function checkedByOthers ({ leafBytes, cose: receipt }, key) {
  const entry = await cose.receipt.leaf(leafBytes)
  const verifier = { verify: ({ coseSign1, payload }) => isSigned(coseSign1, new Uint8Array(payload), key) }
  const right = await cose.receipt.inclusion.verify({ entry, receipt, verifier })
  if (!right) throw new Refused('not-for-others')
  return ['@transmute/cose', '@noble/curves']
}

function isSigned (coseSign1, root, key) {
  const [header, , , signature] = decode(coseSign1.subarray(1))
  return ed25519.verify(signature, sigStructure(header, root), key, { zip215: false })
}
