"""Which variants of a fault are run. Pure."""

from __future__ import annotations


def variants_of(kinds: int, runs: int, least: int) -> list[int]:
    """Numbers of the variants to run, those of one kind one after the other.

    Args:
        kinds: how many variants there are.
        runs: how many runs were asked for; fewer than three a quick look, spread over the variants.
        least: how many this fault needs at least otherwise.
    """
    count = runs if runs < 3 else max(runs, least)
    if count < kinds:
        return [k * kinds // count for k in range(count)]
    return sorted(k % kinds for k in range(count))
