"""A Merkle tree over the ledger (RFC 9162, section 2.1): one hash for all entries, and proofs against it.

`bot.consent.verifier`, a stand-alone file, checks the proofs and has the hash functions for both.
"""

import hashlib
from collections.abc import Iterable, Sequence

from .verifier import node_hash

EMPTY = hashlib.sha256(b"").digest()
"""The root of a tree without leaves."""


class Frontier:
    """The right edge of a growing tree: enough to add leaves and to compute the root."""

    def __init__(self, size: int = 0, edge: Iterable[bytes] = ()) -> None:
        """`edge` holds the roots of the complete subtrees of `size` leaves, the largest first."""
        self.size = size
        self.edge = list(edge)
        if len(self.edge) != size.bit_count():
            raise ValueError(f"{size} leaves have {size.bit_count()} complete subtrees, not {len(self.edge)}")

    def add(self, leaf: bytes) -> None:
        """Add a leaf's hash."""
        merges = self.size
        self.size += 1
        while merges & 1:
            leaf = node_hash(self.edge.pop(), leaf)
            merges >>= 1
        self.edge.append(leaf)

    @property
    def root(self) -> bytes:
        """The root of the tree as it is now."""
        if not self.edge:
            return EMPTY
        root = self.edge[-1]
        for left in reversed(self.edge[:-1]):
            root = node_hash(left, root)
        return root


def root_of(hashes: Sequence[bytes]) -> bytes:
    """Return the root over subtrees of one size (leaves, or tiles of 2^n leaves; the last tile may be partial)."""
    frontier = Frontier()
    for subtree in hashes:
        frontier.add(subtree)
    return frontier.root


def _split(size: int) -> int:
    """Return the largest power of two below `size`."""
    return 1 << (size - 1).bit_length() - 1


def inclusion_proof(hashes: Sequence[bytes], index: int) -> list[bytes]:
    """Return the hashes that lead from one of `hashes` to their root, from the bottom up."""
    if not 0 <= index < len(hashes):
        raise IndexError(f"no leaf {index} among {len(hashes)}")
    if len(hashes) == 1:
        return []
    half = _split(len(hashes))
    if index < half:
        return [*inclusion_proof(hashes[:half], index), root_of(hashes[half:])]
    return [*inclusion_proof(hashes[half:], index - half), root_of(hashes[:half])]


def consistency_proof(hashes: Sequence[bytes], size: int) -> list[bytes]:
    """Return the hashes that show that the tree of the first `size` leaves grew into the tree of all."""
    if not 0 < size <= len(hashes):
        raise IndexError(f"no tree of {size} among {len(hashes)}")
    return _subproof(hashes, size, whole=True)


def _subproof(hashes: Sequence[bytes], size: int, *, whole: bool) -> list[bytes]:
    if size == len(hashes):
        return [] if whole else [root_of(hashes)]
    half = _split(len(hashes))
    if size <= half:
        return [*_subproof(hashes[:half], size, whole=whole), root_of(hashes[half:])]
    return [*_subproof(hashes[half:], size - half, whole=False), root_of(hashes[:half])]
