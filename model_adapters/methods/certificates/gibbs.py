"""Draws of a posterior and their losses on a sample: what the Monte-Carlo estimate of a Gibbs risk rests on."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from data_splits.integrity import atomic_write
from model_adapters.inference.seeds import derive_seed
from model_adapters.methods.certificates.coefficients import Alpha, Coefficients
from model_adapters.methods.certificates.course import Stage
from model_adapters.methods.certificates.posterior import Posterior
from model_adapters.methods.certificates.sample import Rows, Sample

BLOCK = 20
"""Draws whose losses are stored together. A draw follows from its number, not from its block."""


def block_count(draws: int) -> int:
    """How many steps `drawn_losses` takes."""
    return -(-draws // BLOCK)


def draw(posterior: Posterior, seed: int, number: int) -> Alpha:
    """Draw `number` of the posterior: mean + scale * standard normal noise."""
    rng = np.random.default_rng(derive_seed(seed, "posterior", number, purpose="certificates"))
    return posterior.mean + posterior.scale * rng.standard_normal(len(posterior.mean))


def drawn_losses(
    space: Coefficients, sample: Sample, rows: Rows, posterior: Posterior, draws: int, seed: int, stage: Stage
) -> NDArray[np.float64]:
    """float64[draws, rows]: losses of draws 0, 1, 2, ...; a pass over the pool each. Blocks on disk are read back."""
    found = np.empty((draws, len(rows)))
    for block in range(block_count(draws)):
        numbers = range(block * BLOCK, min(draws, (block + 1) * BLOCK))
        path = stage.folder / stage.name / f"{block:05d}.f64"
        if path.is_file():
            part = np.frombuffer(path.read_bytes(), "<f8").reshape(len(numbers), len(rows))
        else:
            each = [sample.errors(space.model(draw(posterior, seed, number)), rows) for number in numbers]
            part = np.stack(each)
            with atomic_write(path) as stream:
                stream.write(part.astype("<f8").tobytes())
            stage.tell(block + 1)
        found[numbers.start : numbers.stop] = part
    return found
