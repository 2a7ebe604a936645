"""Proofs from the tree are taken by the verifier, and by another library; bad ones of every kind are not."""

from collections.abc import Callable, Sequence
from itertools import pairwise

import pymerkle
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.consent.merkle import EMPTY, Frontier, consistency_proof, inclusion_proof, root_of
from bot.consent.verifier import NotProven, check_consistency, check_inclusion, leaf_hash, node_hash

SIZES = (1, 2, 3, 4, 5, 7, 8, 9, 16, 17, 31, 33)


def leaves(size: int) -> list[bytes]:
    return [leaf_hash(number.to_bytes(4, "big")) for number in range(size)]


def test_the_empty_tree_has_the_root_in_the_rfc() -> None:
    assert Frontier().root == EMPTY


@pytest.mark.parametrize("size", SIZES)
def test_a_growing_tree_has_the_roots_another_library_computes(size: int) -> None:
    frontier, other = Frontier(), pymerkle.InmemoryTree(algorithm="sha256")
    for number in range(size):
        frontier.add(leaf_hash(number.to_bytes(4, "big")))
        other.append_entry(number.to_bytes(4, "big"))
        assert frontier.root == other.get_root()


@pytest.mark.parametrize("size", SIZES)
def test_a_stored_frontier_can_be_continued(size: int) -> None:
    whole, first = Frontier(), Frontier()
    for leaf in leaves(size):
        first.add(leaf)
    kept = Frontier(first.size, first.edge)
    for leaf in leaves(size + 5)[size:]:
        kept.add(leaf)
    for leaf in leaves(size + 5):
        whole.add(leaf)
    assert kept.root == whole.root


def test_a_frontier_with_the_wrong_number_of_hashes_is_refused() -> None:
    with pytest.raises(ValueError, match="3 leaves"):
        Frontier(3, [EMPTY])


@pytest.mark.parametrize("size", SIZES)
def test_each_leaf_is_proven_to_be_in_its_place(size: int) -> None:
    hashes = leaves(size)
    for index, leaf in enumerate(hashes):
        check_inclusion(leaf, index, size, inclusion_proof(hashes, index), root_of(hashes))


@pytest.mark.parametrize("size", SIZES)
def test_each_tree_is_proven_to_have_grown_from_each_smaller_one(size: int) -> None:
    hashes = leaves(size)
    for older in range(1, size + 1):
        proof = consistency_proof(hashes, older)
        check_consistency(older, root_of(hashes[:older]), size, root_of(hashes), proof)


def test_every_tree_is_consistent_with_the_empty_one() -> None:
    check_consistency(0, EMPTY, 3, root_of(leaves(3)), [])


@given(st.integers(1, 300), st.data())
def test_proofs_of_any_size_hold(size: int, data: st.DataObject) -> None:
    hashes, root = leaves(size), root_of(leaves(size))
    index = data.draw(st.integers(0, size - 1))
    older = data.draw(st.integers(1, size))
    check_inclusion(hashes[index], index, size, inclusion_proof(hashes, index), root)
    check_consistency(older, root_of(hashes[:older]), size, root, consistency_proof(hashes, older))


# --- bad proofs, after the classes that certificate-transparency logs are tested with


def flipped(value: bytes) -> bytes:
    return bytes([value[0] ^ 1]) + value[1:]


SPOILED: dict[str, Callable[[list[bytes]], list[bytes]]] = {
    "a step too many at the end": lambda proof: [*proof, leaf_hash(b"more")],
    "a step too many at the start": lambda proof: [leaf_hash(b"more"), *proof],
    "the last step gone": lambda proof: proof[:-1],
    "the first step gone": lambda proof: proof[1:],
    "all steps gone": lambda _: [],
    "a bit flipped in the first step": lambda proof: [flipped(proof[0]), *proof[1:]],
    "a bit flipped in the last step": lambda proof: [*proof[:-1], flipped(proof[-1])],
    "two steps swapped": lambda proof: [proof[1], proof[0], *proof[2:]],
    "a step cut short": lambda proof: [proof[0][:-1], *proof[1:]],
    "an empty step": lambda proof: [b"", *proof[1:]],
    "a step twice": lambda proof: [proof[0], *proof],
}


@pytest.mark.parametrize("spoil", SPOILED.values(), ids=SPOILED)
def test_a_spoiled_inclusion_proof_is_refused(spoil: Callable[[list[bytes]], list[bytes]]) -> None:
    hashes = leaves(13)
    for index, leaf in enumerate(hashes):
        proof = inclusion_proof(hashes, index)
        with pytest.raises(NotProven):
            check_inclusion(leaf, index, 13, spoil(proof), root_of(hashes))


@pytest.mark.parametrize("index", [-1, 4, 6, 7, 5 ^ 2, 13, 5 + 16, 2**64])
def test_an_inclusion_proof_for_another_index_is_refused(index: int) -> None:
    hashes = leaves(13)
    with pytest.raises(NotProven):
        check_inclusion(hashes[5], index, 13, inclusion_proof(hashes, 5), root_of(hashes))


@pytest.mark.parametrize("size", [0, 1, 5, 6, 26, 2**64])
def test_an_inclusion_proof_for_another_tree_size_is_refused(size: int) -> None:
    hashes = leaves(13)
    with pytest.raises(NotProven):
        check_inclusion(hashes[5], 5, size, inclusion_proof(hashes, 5), root_of(hashes))


@pytest.mark.parametrize("root", [b"", EMPTY, flipped(root_of(leaves(13))), root_of(leaves(12)), b"\0" * 32])
def test_an_inclusion_proof_for_another_root_is_refused(root: bytes) -> None:
    hashes = leaves(13)
    with pytest.raises(NotProven):
        check_inclusion(hashes[5], 5, 13, inclusion_proof(hashes, 5), root)


@pytest.mark.parametrize("leaf", [b"", leaf_hash(b"other"), b"\0" * 32])
def test_an_inclusion_proof_for_another_leaf_is_refused(leaf: bytes) -> None:
    hashes = leaves(13)
    with pytest.raises(NotProven):
        check_inclusion(leaf, 5, 13, inclusion_proof(hashes, 5), root_of(hashes))


def test_a_proof_that_contains_the_root_is_refused() -> None:
    hashes = leaves(13)
    root = root_of(hashes)
    for index, leaf in enumerate(hashes):
        with pytest.raises(NotProven):
            check_inclusion(leaf, index, 13, [*inclusion_proof(hashes, index), root], root)
    with pytest.raises(NotProven):
        check_inclusion(root, 0, 1, [root], root)


def test_a_node_does_not_pass_for_a_leaf() -> None:
    hashes = leaves(2)
    inner = hashes[0] + hashes[1]
    assert leaf_hash(inner) != node_hash(*hashes)
    with pytest.raises(NotProven):
        check_inclusion(leaf_hash(inner), 0, 1, [], root_of(hashes))


def test_a_tree_of_one_leaf_needs_no_step() -> None:
    (leaf,) = leaves(1)
    check_inclusion(leaf, 0, 1, [], leaf)
    with pytest.raises(NotProven):
        check_inclusion(leaf, 0, 1, [leaf], leaf)


@pytest.mark.parametrize("spoil", SPOILED.values(), ids=SPOILED)
def test_a_spoiled_consistency_proof_is_refused(spoil: Callable[[list[bytes]], list[bytes]]) -> None:
    hashes = leaves(13)
    for older in (5, 6, 7, 9, 10, 11):
        proof = spoil(consistency_proof(hashes, older))
        with pytest.raises(NotProven):
            check_consistency(older, root_of(hashes[:older]), 13, root_of(hashes), proof)


def rewritten(size: int, at: int) -> list[bytes]:
    return [leaf_hash(b"forged") if number == at else leaf for number, leaf in enumerate(leaves(size))]


@pytest.mark.parametrize("older", range(1, 13))
def test_a_history_that_was_rewritten_is_found(older: int) -> None:
    for at in range(older):
        forged = rewritten(13, at)
        with pytest.raises(NotProven):
            check_consistency(older, root_of(leaves(older)), 13, root_of(forged), consistency_proof(forged, older))


def test_two_histories_of_one_size_are_found() -> None:
    with pytest.raises(NotProven, match="two histories"):
        check_consistency(8, root_of(leaves(8)), 8, root_of(rewritten(8, 3)), [])


def test_a_truncated_tree_is_found() -> None:
    with pytest.raises(NotProven, match="taken away"):
        check_consistency(13, root_of(leaves(13)), 8, root_of(leaves(8)), consistency_proof(leaves(13), 8))


@given(st.lists(st.binary(min_size=32, max_size=32), max_size=6), st.integers(0, 40), st.integers(0, 40))
def test_made_up_proofs_prove_nothing(proof: Sequence[bytes], one: int, other: int) -> None:
    hashes = leaves(33)
    with pytest.raises(NotProven):
        check_inclusion(leaf_hash(b"made up"), one, other, list(proof), root_of(hashes))
    if one != other and one:
        with pytest.raises(NotProven):
            check_consistency(one, leaf_hash(b"made up"), other, root_of(hashes), list(proof))


def test_the_edge_of_a_frontier_grows_logarithmically() -> None:
    frontier = Frontier()
    sizes = []
    for leaf in leaves(1000):
        frontier.add(leaf)
        sizes.append(len(frontier.edge))
    assert max(sizes) <= 10
    assert all(later - earlier <= 1 for earlier, later in pairwise(sizes))
