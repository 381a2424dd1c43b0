"""Logs of others: trees, checkpoints, receipts and evidence of forks (chapter 8)."""

import base64
import re
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from pycose.keys import OKPKey
from pycose.keys.curves import Ed25519
from pycose.messages import CoseMessage
from scitt_cose.receipt import verify_receipt

from spec import CDDL, LIMITS, WrongStructure
from wire import NotDeterministic, Refused, decode, encode, need, need_depth, outer, read, sha256, to_be_signed
from wire import verifies

ORIGIN = re.compile(r"[0-9a-f]{64}/[a-z0-9][a-z0-9.-]{0,62}/[1-9][0-9]{0,8}")
LOG_KEY, WITNESS_KEY = 0x01, 0x04  # types of keys of signed notes (8.4)

# ---------------------------------------------------------- 8.1, 8.3 the tree


def leaf_hash(leaf):
    return sha256(b"\0", leaf)


def node_hash(left, right):
    return sha256(b"\1", left, right)


def split(count):
    """The largest power of two below `count`."""
    return 1 << (count - 1).bit_length() - 1


def need_head(size, root):
    need(size <= LIMITS["TREE_LEAVES_MAX"], "tree-size-over-limit")
    need(size > 0 or root == sha256(b""), "size-zero-root")


def root_from_inclusion(hash_, index, size, path):
    need(size <= LIMITS["TREE_LEAVES_MAX"], "tree-size-over-limit")
    need(index < size, "index-beyond-tree")
    siblings, begin, end = [], 0, size
    while end - begin > 1:
        middle = begin + split(end - begin)
        right = index < middle
        siblings.insert(0, right)
        begin, end = (begin, middle) if right else (middle, end)
    need(len(path) == len(siblings), "path-length")
    for right, sibling in zip(siblings, path):
        hash_ = node_hash(hash_, sibling) if right else node_hash(sibling, hash_)
    return hash_


def roots_from_consistency(old, new, old_root, path):
    need(new <= LIMITS["TREE_LEAVES_MAX"], "tree-size-over-limit")
    need(0 < old <= new, "old-beyond-new")
    siblings, begin, end = [], 0, new
    while end > old:
        middle = begin + split(end - begin)
        new_only = old <= middle
        siblings.insert(0, new_only)
        begin, end = (begin, middle) if new_only else (middle, end)
    need(len(path) == len(siblings) + (begin > 0), "path-length")
    seed, path = (path[0], path[1:]) if begin > 0 else (old_root, path)
    older = newer = seed
    for new_only, sibling in zip(siblings, path):
        older = older if new_only else node_hash(sibling, older)
        newer = node_hash(newer, sibling) if new_only else node_hash(sibling, newer)
    return older, newer


def need_inclusion(hash_, index, size, root, path):
    need(root_from_inclusion(hash_, index, size, path) == root, "root-is-another")


def need_consistency(old, old_root, new, root, path):
    """A tree of size 0 is the beginning of every tree, with an empty path."""
    if old == 0:
        need_head(old, old_root)
        need(new <= LIMITS["TREE_LEAVES_MAX"], "tree-size-over-limit")
        need(path == [], "path-length")
        return
    older, newer = roots_from_consistency(old, new, old_root, path)
    need(newer == root, "root-is-another")
    need(older == old_root, "old-root-is-another")


# ------------------------------------------------------------ 8.4 checkpoints


@dataclass(frozen=True)
class NoteKey:
    name: str
    type: int
    public: bytes

    @property
    def id(self):
        return sha256(self.name.encode(), b"\n", bytes([self.type]), self.public)[:4]


def verifier_key(text):
    """`<name>+<key id>+<base64 of type and public key>`, as people hand keys to one another."""
    name, _, encoded = text.split("+", 2)
    key = base64.b64decode(encoded)
    return NoteKey(name, key[0], key[1:])


@dataclass
class Checkpoint:
    text: bytes
    origin: str
    size: int
    root: bytes
    signatures: list  # (name, key id, signature)


def strict_base64(text, code):
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError:
        raise Refused(code) from None
    need(base64.b64encode(data).decode() == text, code)
    return data


def read_note(data):
    """Steps 1 to 6: the text, and the signature lines."""
    need(len(data) <= LIMITS["NOTE_BYTES_MAX"], "note-too-long")
    try:
        note = data.decode("utf-8")
    except UnicodeDecodeError:
        raise Refused("note-not-utf8") from None
    need(all(letter >= " " or letter == "\n" for letter in note), "note-control-character")
    text, gap, rest = note.rpartition("\n\n")
    need(gap and rest.endswith("\n"), "note-format")
    lines = rest[:-1].split("\n")
    need(len(lines) <= LIMITS["NOTE_SIGNATURES_MAX"], "note-too-many-signatures")
    return (text + "\n").encode(), [_signature_line(line) for line in lines]


def _signature_line(line):
    dash, _, rest = line.partition(" ")
    name, _, encoded = rest.partition(" ")
    fits = 1 <= len(name.encode()) <= LIMITS["KEY_NAME_BYTES_MAX"]
    need(dash == "\u2014" and fits and not re.search(r"[\s+\u007f-\u009f]", name), "note-signature-format")
    signature = strict_base64(encoded, "note-signature-format")
    need(len(signature) >= 5, "note-signature-format")
    return name, signature[:4], signature[4:]


def read_checkpoint(data):
    """Steps 1 to 12."""
    text, signatures = read_note(data)
    lines = text.decode()[:-1].split("\n")
    need(len(lines) >= 3, "checkpoint-format")
    need(len(lines) == 3, "checkpoint-extension-line")
    origin, size, root = lines
    need(ORIGIN.fullmatch(origin), "checkpoint-origin")
    need(re.fullmatch(r"0|[1-9][0-9]*", size) and len(size) <= 20 and int(size) < 2**64, "checkpoint-size-format")
    root = strict_base64(root, "checkpoint-root-format")
    need(len(root) == 32, "checkpoint-root-format")
    need_head(int(size), root)
    return Checkpoint(text, origin, int(size), root, signatures)


def verify_note(checkpoint, keys):
    """Steps 14 to 16. The names of the keys that have signed, with the time of the first cosignature of each."""
    signed = {}
    for name, key_id, signature in checkpoint.signatures:
        trusted = {key for key in keys if key.name == name and key.id == key_id}
        need(len(trusted) <= 1, "note-keys-collide")
        for key in trusted:
            signed.setdefault(name, _note_signature(key, checkpoint.text, signature))
    need(signed, "note-not-signed")
    return signed


def _note_signature(key, text, signature):
    at = None
    if key.type == WITNESS_KEY:  # 8.10
        need(len(signature) == 72, "note-signature-invalid")
        at, signature = int.from_bytes(signature[:8], "big"), signature[8:]
        need(at <= LIMITS["COSIGNATURE_TIME_MAX"], "note-signature-invalid")
        text = b"cosignature/v1\ntime %d\n" % at + text
    need(verifies(key.public, signature, text), "note-signature-invalid")
    return at


def verify_checkpoint(checkpoint, key):
    """Steps 13 to 16, under the key of a log."""
    need(key.type == LOG_KEY and key.name == checkpoint.origin, "checkpoint-key-of-another")
    verify_note(checkpoint, [key])


# --------------------------------------------------------- 8.6, 8.9 receipts


@dataclass
class Receipt:
    leaf: dict
    leaf_bytes: bytes
    cose: bytes
    protected: bytes
    kid: bytes
    size: int
    path: list
    signature: bytes

    def root(self):
        """Step 6."""
        return root_from_inclusion(leaf_hash(self.leaf_bytes), self.leaf["index"], self.size, self.path)


def read_leaf(data):
    leaf = read(data, "leaf", "LEAF_BYTES_MAX")
    need(not any(critical for _, critical, _ in leaf.get("ext", [])), "unknown-critical")
    return leaf


def read_receipt(parts):
    """Steps 2 to 5, of the two byte strings of a receipt."""
    leaf_bytes, cose = parts
    leaf = read_leaf(leaf_bytes)
    protected, (size, index, path), signature = _cose_receipt(cose, -1, "inclusion-proof")
    need(leaf["index"] == index and index < size, "index-mismatch")
    return Receipt(leaf, leaf_bytes, cose, protected, decode(protected)[4], size, path, signature)


def verify_consistency_receipt(cose, old_root, public, checkpoint=None):
    """8.15: sizes, and the newer root."""
    protected, (old, new, path), signature = _cose_receipt(cose, -2, "consistency-proof")
    older, newer = roots_from_consistency(old, new, old_root, path)
    need(verifies(public, signature, to_be_signed(protected, newer)), "bad-signature")
    need(older == old_root, "old-root-is-another")
    same = checkpoint is None or (checkpoint.size, checkpoint.root) == (new, newer)
    need(same, "receipt-checkpoint-is-another")
    return old, new, newer


def _cose_receipt(cose, label, rule):
    """Steps 3 and 4: the protected header, the one proof under this label, the signature."""
    need(len(cose) <= LIMITS["EVIDENCE_BYTES_MAX"], "oversize")
    need_depth(cose)
    protected, unprotected, payload, signature = outer(cose)
    need_depth(protected)
    try:
        header = decode(protected)
    except NotDeterministic:
        raise Refused("bad-header") from None
    kid = header.get(4) if isinstance(header, dict) else None
    need(isinstance(kid, bytes) and len(kid) == 32, "bad-header")
    need(protected == encode({1: -8, 4: kid, 395: 1}) and payload is None, "bad-header")
    proofs = unprotected.get(396)
    proofs = proofs.get(label) if isinstance(proofs, dict) else None
    one = isinstance(proofs, list) and len(proofs) == 1 and isinstance(proofs[0], bytes)
    need(one and encode(unprotected) == encode({396: {label: proofs}}), "bad-header")
    return protected, read(proofs[0], rule), signature


def verify_receipt_under(receipt, public, checkpoint=None):
    """Steps 6 to 8."""
    root = receipt.root()
    need(verifies(public, receipt.signature, to_be_signed(receipt.protected, root)), "bad-signature")
    if checkpoint:
        same = (checkpoint.size, checkpoint.root) == (receipt.size, root)
        need(same, "receipt-checkpoint-is-another")
    return root


def checked_by_others(receipt, public):
    """The names of the libraries that are not ours and find the receipt right."""
    names = []
    pem = Ed25519PublicKey.from_public_bytes(public).public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    found = verify_receipt(receipt.cose, leaf_entry_hex=receipt.leaf_bytes.hex(), log_public_key_pem=pem)
    if found.ok and (found.tree_size, found.leaf_index) == (receipt.size, receipt.leaf["index"]):
        names.append("scitt-cose")
    message = CoseMessage.decode(receipt.cose)
    message.key = OKPKey(crv=Ed25519, x=public)
    if message.verify_signature(detached_payload=receipt.root()):
        names.append("pycose")
    return names


# --------------------------------------------------------------- 8.11 forks


def read_fork(data):
    """The form: which of the three it is, and its parts with their checkpoints read."""
    need(len(data) <= LIMITS["log:EVIDENCE_BYTES_MAX"], "evidence-length")
    need_depth(data, "evidence-cbor")
    try:
        value = decode(data)
        CDDL.check("fork-evidence", value)
    except (NotDeterministic, WrongStructure):
        raise Refused("evidence-cbor") from None
    ((sort, parts),) = value.items()
    if sort == "same-size":
        return sort, [_checkpoint_within(text) for text in parts]
    if sort == "two-leaves":
        return sort, [_leaf_proof(*part) for part in parts]
    older, newer, old_root, path = parts
    older, newer = _checkpoint_within(older), _checkpoint_within(newer)
    need(1 <= len(path) <= LIMITS["PROOF_HASHES_MAX"], "evidence-length")
    return sort, [older, newer, old_root, path]


def _checkpoint_within(text):
    need(len(text.encode()) <= LIMITS["CHECKPOINT_BYTES_MAX"], "evidence-length")
    return read_checkpoint(text.encode())


def _leaf_proof(leaf, index, path, checkpoint):
    need(1 <= len(leaf) <= LIMITS["log:LEAF_BYTES_MAX"], "evidence-length")
    need(index <= LIMITS["TREE_LEAVES_MAX"] and len(path) <= LIMITS["PROOF_HASHES_MAX"], "evidence-length")
    return leaf, index, path, _checkpoint_within(checkpoint)


def verify_fork(data, key):
    """What evidence shows, for the key of the log."""
    sort, parts = read_fork(data)
    if sort == "same-size":
        for checkpoint in parts:
            verify_checkpoint(checkpoint, key)
        one, other = parts
        need(one.size == other.size, "evidence-sizes-differ")
        need(one.root != other.root, "evidence-roots-agree")
    elif sort == "two-leaves":
        (one, index, *_), (other, other_index, *_) = parts
        need(index == other_index, "evidence-indexes-differ")
        need(one != other, "evidence-leaves-agree")
        for leaf, index, path, checkpoint in parts:
            verify_checkpoint(checkpoint, key)
            need_inclusion(leaf_hash(leaf), index, checkpoint.size, checkpoint.root, path)
    else:
        older, newer, old_root, path = parts
        verify_checkpoint(older, key)
        verify_checkpoint(newer, key)
        need(0 < older.size < newer.size, "evidence-sizes-not-in-order")
        need(older.root != old_root, "evidence-roots-agree")
        need_consistency(older.size, old_root, newer.size, newer.root, path)
    return sort
