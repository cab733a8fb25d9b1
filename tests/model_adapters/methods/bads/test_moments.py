import numpy as np
import torch

from model_adapters.methods.bads.moments import Moments


def test_they_are_those_of_all_samples_also_after_a_stop() -> None:
    samples = np.random.default_rng(0).normal(3.0, 2.0, (50, 4))
    moments = Moments(4)
    for row in samples[:20]:
        moments.add(torch.from_numpy(row))
    stored, moments = moments.state("x"), Moments(4)
    moments.restore(stored, "x")
    for row in samples[20:]:
        moments.add(torch.from_numpy(row))
    assert np.allclose(moments.mean.numpy(), samples.mean(axis=0), atol=1e-12)
    assert np.allclose(moments.deviation.numpy(), samples.std(axis=0, ddof=1), atol=1e-12)
    assert moments.count == 50


def test_one_sample_has_no_spread() -> None:
    moments = Moments(1)
    moments.add(torch.tensor([4.0]))
    assert moments.deviation.tolist() == [0.0]
