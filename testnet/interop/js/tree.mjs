// The Merkle tree of a log and its proofs (8.1 and 8.3).

import { sameBytes } from './cbor.mjs'
import { LOG_LIMIT } from './spec.mjs'
import { must, sha256 } from './wire.mjs'

export const leafHash = (leaf) => sha256(Uint8Array.of(0), leaf)
const nodeHash = (left, right) => sha256(Uint8Array.of(1), left, right)
const EMPTY_ROOT = sha256()

/** The largest power of two below n. */
function split (n) {
  let half = 2 ** Math.floor(Math.log2(n))
  while (half >= n) half /= 2
  return half
}

/** The root over leaf hashes. */
export function rootOf (hashes) {
  if (hashes.length === 0) return EMPTY_ROOT
  if (hashes.length === 1) return hashes[0]
  const half = split(hashes.length)
  return nodeHash(rootOf(hashes.slice(0, half)), rootOf(hashes.slice(half)))
}

/** The path from leaf number `index` to the root, from the leaf up. */
export function pathOf (hashes, index) {
  if (hashes.length < 2) return []
  const half = split(hashes.length)
  return index < half
    ? [...pathOf(hashes.slice(0, half), index), rootOf(hashes.slice(half))]
    : [...pathOf(hashes.slice(half), index - half), rootOf(hashes.slice(0, half))]
}

/** A head: size and root, as one that can be (8.1). */
export function checkHead (size, root) {
  must(size <= LOG_LIMIT.TREE_LEAVES_MAX, 'tree-size-over-limit')
  must(Number(size) > 0 || sameBytes(root, EMPTY_ROOT), 'size-zero-root')
}

/** The root to which a path leads from a leaf. */
export function rootFromInclusion (hash, index, size, path) {
  must(size <= LOG_LIMIT.TREE_LEAVES_MAX, 'tree-size-over-limit')
  must(index < size, 'index-beyond-tree')
  const siblings = []
  for (let [begin, end] = [0, size]; end - begin > 1;) {
    const middle = begin + split(end - begin)
    const isLeft = index < middle
    siblings.unshift(isLeft ? 'right' : 'left')
    if (isLeft) end = middle
    else begin = middle
  }
  must(path.length === siblings.length, 'path-length')
  return siblings.reduce((hash, side, i) => side === 'right' ? nodeHash(hash, path[i]) : nodeHash(path[i], hash), hash)
}

export function checkInclusion (hash, index, { size, root }, path) {
  must(sameBytes(rootFromInclusion(hash, index, size, path), root), 'root-is-another')
}

/** The roots of the older and the newer tree to which a path leads from the older root. */
export function rootsFromConsistency (old, size, oldRoot, path) {
  must(size <= LOG_LIMIT.TREE_LEAVES_MAX, 'tree-size-over-limit')
  must(old > 0 && old <= size, 'old-beyond-new')
  const siblings = []
  let begin = 0
  for (let end = size; end > old;) {
    const middle = begin + split(end - begin)
    const isNew = old <= middle
    siblings.unshift(isNew ? 'new-only' : 'both')
    if (isNew) end = middle
    else begin = middle
  }
  must(path.length === siblings.length + (begin > 0 ? 1 : 0), 'path-length')
  const rest = begin > 0 ? path.slice(1) : path
  let older = begin > 0 ? path[0] : oldRoot
  let newer = older
  for (const [i, side] of siblings.entries()) {
    if (side === 'both') older = nodeHash(rest[i], older)
    newer = side === 'both' ? nodeHash(rest[i], newer) : nodeHash(newer, rest[i])
  }
  return { older, newer }
}

export function checkConsistency (old, head, path) {
  const { older, newer } = rootsFromConsistency(old.size, head.size, old.root, path)
  must(sameBytes(newer, head.root), 'root-is-another')
  must(sameBytes(older, old.root), 'old-root-is-another')
}
