"""What a machine lacks to run an adapter, and what the run would cost."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Missing:
    """One thing that stands between the user and a run.

    Attributes:
        what: the thing, for example "weights of raman07/CheXGenBench-Models-Sana-e20".
        how: how to get it or where to point to a copy: a command, or an option.
        size_gb: download in gigabytes (10^9 bytes), where known.
    """

    what: str
    how: str
    size_gb: float | None = None


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a run would cost on named hardware.

    Attributes:
        seconds: wall-clock time for the images asked about.
        memory_gb: accelerator memory, or main memory on a CPU, in gigabytes.
        hardware: what the figures hold for.
        basis: where the figures come from ("measured", or a source): a reader must be able to doubt them.
    """

    seconds: float
    memory_gb: float
    hardware: str
    basis: str
