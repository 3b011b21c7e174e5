"""Which records belong together, given what every pair weighs: the same in whatever order they came.

Pairs are joined the surest first. A group takes no member that contradicts one of its own, or that a human
has told apart from it; and two groups join only if their members agree on the whole, so that a chain of
likenesses does not drag strangers into one case. What is sure enough but was kept apart is a question for a
human.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from itertools import product
from typing import Generic, NamedTuple, TypeVar

Node = TypeVar("Node", bound=Hashable)
UNSEEN = -1.0  # a pair without a key in common: nothing speaks for it, and little against
_MOST = 8.0  # no single pair outweighs all others of two groups


class Partition(NamedTuple, Generic[Node]):
    """Groups of records, and the pairs that were sure enough and yet were kept apart."""

    groups: list[list[Node]]
    kept_apart: list[tuple[Node, Node]]


def partition(
    nodes: Sequence[Node],
    bits: Mapping[tuple[Node, Node], float],
    *,
    least: float,
    mean: float,
    contradiction: float,
    one: Iterable[tuple[Node, Node]] = (),
    apart: Iterable[tuple[Node, Node]] = (),
    weigh: Callable[[Node, Node], float] | None = None,
) -> Partition[Node]:
    """Group the nodes.

    `bits` has each weighed pair once, in the order of its nodes in `nodes`; pairs of `one` are together
    because a human said so, pairs of `apart` never. `weigh` is what pairs count when groups are held against
    one another, if that is not their `bits`.
    """
    group_of = {node: place for place, node in enumerate(nodes)}
    members: dict[int, list[Node]] = {place: [node] for place, node in enumerate(nodes)}
    told_apart = {frozenset(pair) for pair in apart}

    def weight(a: Node, b: Node) -> float:
        return weigh(a, b) if weigh else bits.get((a, b), bits.get((b, a), UNSEEN))

    def join(a: int, b: int) -> None:
        for node in members[b]:
            group_of[node] = a
        members[a] += members.pop(b)

    def told(a: int, b: int) -> bool:
        return bool(told_apart) and any(
            frozenset(pair) in told_apart for pair in product(members[a], members[b])
        )

    for first, second in one:
        if first in group_of and second in group_of:
            a, b = group_of[first], group_of[second]
            if a != b and not told(a, b):
                join(a, b)
    kept_apart = []
    place = {node: number for number, node in enumerate(nodes)}
    surest = sorted(
        ((pair, value) for pair, value in bits.items() if value >= least),
        key=lambda item: (-item[1], place[item[0][0]], place[item[0][1]]),
    )
    for pair, _ in surest:
        a, b = (group_of[node] for node in pair)
        if a == b:
            continue
        weights = [weight(*other) for other in product(members[a], members[b])]
        agree = sum(max(-_MOST, min(_MOST, value)) for value in weights) / len(weights)
        if min(weights) < contradiction or agree < mean or told(a, b):
            kept_apart.append(pair)
        else:
            join(*sorted((a, b)))
    return Partition(list(members.values()), kept_apart)
