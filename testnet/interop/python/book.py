"""The log that this member writes: records, heads, receipts and tiles (chapter 8). It is kept in memory."""

import base64
import os
from pathlib import Path

import cbor2

from log import LOG_KEY, NoteKey, leaf_hash, node_hash, split
from spec import LIMITS
from wire import encode, sha256, to_be_signed


class Book:
    def __init__(self, origin, key, clock):
        self.origin, self.key, self.clock = origin, key, clock
        self.leaves, self.facts, self.hashes, self.next_seq, self.last_time = [], [], [], {}, 0
        self.spoil_next_receipt = False

    def append(self, kind, roster, facts=None, counterpart=None, **members):
        """A record (8.6, 8.7); its index."""
        self.last_time = max(self.last_time, self.clock())
        facts = encode({"salt": os.urandom(16)} | facts) if facts is not None else None
        leaf = {"v": 1, "kind": kind, "salt": os.urandom(16), "time": self.last_time}
        leaf |= {"index": len(self.leaves), "roster": roster} | members
        if facts is not None:
            leaf["facts"] = sha256(facts)
        if counterpart is not None:
            leaf |= {"counterpart": counterpart, "seq": self.next_seq.get(counterpart, 0)}
            self.next_seq[counterpart] = leaf["seq"] + 1
        self.leaves.append(encode(leaf))
        self.facts.append(facts)
        self.hashes.append(leaf_hash(self.leaves[-1]))
        return leaf["index"]

    # ---------------------------------------------------------- heads, 8.1, 8.4

    @property
    def size(self):
        return len(self.leaves)

    def root(self):
        return tree_root(self.hashes)

    def checkpoint(self):
        text = f"{self.origin}\n{self.size}\n{_base64(self.root())}\n"
        key = NoteKey(self.origin, LOG_KEY, self.key.public)
        signature = self.key.sign(text.encode())
        return f"{text}\n\u2014 {self.origin} {_base64(key.id + signature)}\n"

    def receipt(self, index):
        """The receipt for one leaf under the newest head (8.8)."""
        protected = encode({1: -8, 4: self.key.kid, 395: 1})
        proof = encode([self.size, index, tree_path(self.hashes, index)])
        signature = self.key.sign(to_be_signed(protected, self.root()))
        if self.spoil_next_receipt:
            self.spoil_next_receipt = False
            signature = signature[:-1] + bytes([signature[-1] ^ 1])
        cose = cbor2.CBORTag(18, [protected, {396: {-1: [proof]}}, None, signature])
        return [self.leaves[index], encode(cose)]

    # ---------------------------------------------------------------- tiles, 8.14

    def write_tiles(self, folder):
        folder = Path(folder)
        key = NoteKey(self.origin, LOG_KEY, self.key.public)
        _write(folder / "checkpoint", self.checkpoint().encode())
        encoded = _base64(bytes([LOG_KEY]) + self.key.public)
        _write(folder / "vkey", f"{self.origin}+{key.id.hex()}+{encoded}".encode())
        width = LIMITS["TILE_HASHES"]
        entries = [len(leaf).to_bytes(2, "big") + leaf for leaf in self.leaves]
        _write_tiles(folder / "tile" / "entries", entries, width)
        level, hashes = 0, self.hashes
        while hashes:
            _write_tiles(folder / "tile" / str(level), hashes, width)
            full = len(hashes) // width
            level, hashes = level + 1, [tree_root(hashes[n * width : (n + 1) * width]) for n in range(full)]


def tree_root(hashes):
    if len(hashes) < 2:
        return hashes[0] if hashes else sha256(b"")
    middle = split(len(hashes))
    return node_hash(tree_root(hashes[:middle]), tree_root(hashes[middle:]))


def tree_path(hashes, index):
    """The siblings of a leaf, from the leaf up."""
    if len(hashes) == 1:
        return []
    middle = split(len(hashes))
    if index < middle:
        return tree_path(hashes[:middle], index) + [tree_root(hashes[middle:])]
    return tree_path(hashes[middle:], index - middle) + [tree_root(hashes[:middle])]


def _base64(data):
    return base64.b64encode(data).decode()


def _write_tiles(folder, parts, width):
    for number in range((len(parts) + width - 1) // width):
        tile = parts[number * width : (number + 1) * width]
        groups = f"{number:03d}" if number < 1000 else _grouped(number)
        _write(folder / (groups if len(tile) == width else f"{groups}.p/{len(tile)}"), b"".join(tile))


def _grouped(number):
    """`x001/x234/067`."""
    digits = str(number).zfill(-(-len(str(number)) // 3) * 3)
    groups = [digits[at : at + 3] for at in range(0, len(digits), 3)]
    return "/".join([f"x{group}" for group in groups[:-1]] + groups[-1:])


def _write(path, data):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
