// Leaves, facts, receipts and evidence of a fork, as a reader judges them (8.6 to 8.11).

import { sameBytes, utf8 } from './cbor.mjs'
import { checkSignedBy, readCheckpoint } from './note.mjs'
import { CDDL, LIMIT, LOG_LIMIT } from './spec.mjs'
import { checkConsistency, checkInclusion, leafHash, rootFromInclusion, rootsFromConsistency } from './tree.mjs'
import { kidOf, must, readObject, readSign1, Refused, signedBy, shallow, structure } from './wire.mjs'

export function readLeaf (bytes) {
  const leaf = readObject(bytes, 'leaf', LIMIT.LEAF_BYTES_MAX)
  must((leaf.get('ext') ?? []).every(([, critical]) => !critical), 'unknown-critical')
  return leaf
}

export const readFacts = (bytes) => readObject(bytes, 'facts', LIMIT.STATEMENT_BYTES_MAX)

/** The object: 8.9, steps 1 to 5. */
export function readReceipt (bytes) {
  return openReceipt(readObject(bytes, 'receipt', LIMIT.EVIDENCE_BYTES_MAX))
}

export function openReceipt ([leafBytes, cose]) {
  const leaf = readLeaf(leafBytes)
  const { object, proof: [size, index, path] } = openCose(cose, 'cose-receipt', -1, 'inclusion-proof')
  must(leaf.get('index') === index && index < size, 'index-mismatch')
  return { ...object, leafBytes, leaf, cose, size, index, path, leafHash: leafHash(leafBytes) }
}

/** Steps 3 and 4: the object, and the one proof under this label. */
function openCose (cose, rule, label, proofRule) {
  must(cose.length <= LIMIT.EVIDENCE_BYTES_MAX, 'oversize')
  const object = readSign1(cose, rule)
  const proof = object.unprotected.get(396).get(label)[0]
  shallow(proof)
  const { value, over } = structure(proof, proofRule, 'bad-payload')
  must(over.length === 0, 'over-limit')
  return { object, proof: value }
}

/** That the log has grown from the tree of this root, and to the head of the checkpoint: 8.15. */
export function checkConsistencyReceipt (cose, oldRoot, key, checkpoint) {
  const { object, proof: [old, size, path] } = openCose(cose, 'consistency-receipt', -2, 'consistency-proof')
  const roots = rootsFromConsistency(old, size, oldRoot, path)
  must(sameBytes(object.header.get(4), kidOf(key)) && signedBy(key, object, roots.newer), 'bad-signature')
  must(sameBytes(roots.older, oldRoot), 'old-root-is-another')
  if (checkpoint) {
    must(size === checkpoint.size && sameBytes(roots.newer, checkpoint.root), 'receipt-checkpoint-is-another')
  }
  return { old_size: old, new_size: size, root: roots.newer }
}

/** Under the key of the log, and under the checkpoint that it came with: steps 6 to 8. */
export function checkReceipt (receipt, key, checkpoint) {
  const root = rootFromInclusion(receipt.leafHash, receipt.index, receipt.size, receipt.path)
  must(sameBytes(receipt.header.get(4), kidOf(key)) && signedBy(key, receipt, root), 'bad-signature')
  if (checkpoint) {
    must(receipt.size === checkpoint.size && sameBytes(root, checkpoint.root), 'receipt-checkpoint-is-another')
  }
  return root
}

/** Evidence that a log has forked, and its sort (8.11). `key`: of the log, as in notes. */
export function checkFork (bytes, key) {
  must(bytes.length <= LOG_LIMIT.EVIDENCE_BYTES_MAX, 'evidence-length')
  const [[sort, parts]] = readForkForm(bytes)
  const verified = (checkpoint) => checkSignedBy(checkpoint, key) && checkpoint
  if (sort === 'same-size') {
    const [one, other] = parts.map(checkpointPart).map(verified)
    must(one.size === other.size, 'evidence-sizes-differ')
    must(!sameBytes(one.root, other.root), 'evidence-roots-agree')
  } else if (sort === 'two-leaves') {
    const [one, other] = parts.map(leafPart)
    must(one.index === other.index, 'evidence-indexes-differ')
    must(!sameBytes(one.leaf, other.leaf), 'evidence-leaves-agree')
    for (const { leaf, index, path, head } of [one, other]) checkInclusion(leafHash(leaf), index, verified(head), path)
  } else {
    const [, , root, path] = parts
    const heads = parts.slice(0, 2).map(checkpointPart)
    must(path.length >= 1 && path.length <= LOG_LIMIT.PROOF_HASHES_MAX, 'evidence-length')
    const [older, newer] = heads.map(verified)
    must(older.size > 0 && older.size < newer.size, 'evidence-sizes-not-in-order')
    must(!sameBytes(older.root, root), 'evidence-roots-agree')
    checkConsistency({ size: older.size, root }, newer, path)
  }
  return sort
}

function readForkForm (bytes) {
  try {
    shallow(bytes)
    return structure(bytes, 'fork-evidence', 'evidence-cbor').value
  } catch (error) {
    throw error instanceof Refused ? new Refused('evidence-cbor') : error
  }
}

function checkpointPart (text) {
  must(CDDL.fits('checkpoint', text).over.length === 0, 'evidence-length')
  return readCheckpoint(utf8(text))
}

function leafPart (part) {
  const [leaf, index, path, checkpoint] = part
  must(CDDL.fits('leaf-proof', part).over.length === 0, 'evidence-length')
  return { leaf, index, path, head: checkpointPart(checkpoint) }
}
