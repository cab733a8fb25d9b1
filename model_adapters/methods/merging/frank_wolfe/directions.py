"""Where a Frank-Wolfe step may lead at most: the end of the segment, as a ledger.

    fw        theta -> s                        s the oracle's vertex
    away      theta -> theta without a          a the worst vertex of the support; the weight of a goes to the others
    pairwise  theta -> theta with a's weight on s

Away steps are taken in a block where they promise more than the step towards s (Guelat and Marcotte 1986). A step of 1
along away or pairwise drops a vertex, so the support stays small.
"""

from __future__ import annotations

import difflib

from data_splits.errors import UserError
from model_adapters.methods.merging.frank_wolfe.oracle import Answer
from model_adapters.methods.merging.ledger import Ledger, Weights

DIRECTIONS = ("fw", "away", "pairwise")


def endpoint(ledger: Ledger, answer: Answer, direction: str) -> Ledger:
    """The end of the segment in every block; a block with no gradient stays where it is.

    Raises:
        UserError: an unknown direction.
    """
    if direction not in DIRECTIONS:
        near = difflib.get_close_matches(direction, DIRECTIONS, n=1, cutoff=0.1)
        raise UserError(
            f"direction is {direction!r}; it is one of {', '.join(DIRECTIONS)}. Did you mean {(near or ['fw'])[0]}?"
        )
    ends: dict[str, Weights] = {}
    for block, weights in ledger.weights.items():
        order = answer.ranked[block]
        ends[block] = _end(weights, answer, block, order[0], direction) if order else weights
    return ledger.replaced(ends)


def _end(weights: Weights, answer: Answer, block: str, best: int, direction: str) -> Weights:
    products = answer.products[block]
    worst = max(weights, key=lambda index: products[index])
    if direction == "pairwise" and worst != best:
        moved = dict(weights)
        moved[best] = moved.get(best, 0.0) + moved.pop(worst)
        return moved
    forward = answer.here[block] - products[best]
    backward = products[worst] - answer.here[block]
    if direction == "away" and backward > forward and 0.0 < weights[worst] < 1.0:
        rest = 1.0 - weights[worst]
        return {index: weight / rest for index, weight in weights.items() if index != worst}
    return {best: 1.0}
