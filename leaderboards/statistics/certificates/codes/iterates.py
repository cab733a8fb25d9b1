"""Outputs of an iteration that picks one of a fixed list at every step: certified Frank-Wolfe merging."""

from __future__ import annotations

import math


def iterates(steps: int, vertices: int, blocks: int = 1, step_sizes: int = 1, step_counts: int = 1) -> float:
    """T (B ln V + ln G) + ln H nats: whatever T steps can reach, from a start that no sample shaped.

    Each step picks one of V vertices (pool and base: V = K + 1) in each of B blocks, and one of G step sizes (1 for
    the open-loop rule 2 / (t + 2)); T itself is one of H listed numbers of steps. References [6.1].

    Raises:
        ValueError: a negative number of steps, or another count below 1.
    """
    if steps < 0 or min(vertices, blocks, step_sizes, step_counts) < 1:
        raise ValueError(f"{steps} steps over {vertices} vertices, {blocks} blocks, {step_sizes} sizes, {step_counts}")
    return steps * (blocks * math.log(vertices) + math.log(step_sizes)) + math.log(step_counts)
