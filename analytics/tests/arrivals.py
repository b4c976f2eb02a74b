"""How samples, scenes and marks may arrive: in any order, some twice, with drains in between."""

from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st


@st.composite
def arrivals(draw: st.DrawFn, items: Sequence[Any], most_again: int) -> list[list[Any] | None]:
    """Return batches of the items, up to `most_again` of them twice, and None for each drain."""
    again = draw(st.lists(st.sampled_from(items), max_size=most_again))
    order = draw(st.permutations([*items, *again]))
    steps: list[list[Any] | None] = []
    while order:
        size = draw(st.integers(1, len(order)))
        steps.append(order[:size])
        order = order[size:]
        if draw(st.booleans()):
            steps.append(None)
    return steps
