"""Calls side by side, each on one thread."""

from __future__ import annotations

import pytest
import torch

from model_adapters.inference.side_by_side import side_by_side


def seen(item: int) -> tuple[int, int]:
    return item, torch.get_num_threads()


@pytest.mark.parametrize("threads", [1, 3])
def test_order_is_kept_each_call_has_one_thread_and_the_count_is_put_back(threads: int) -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        assert side_by_side(seen, range(5)) == [(item, 1) for item in range(5)]
        assert torch.get_num_threads() == threads
    finally:
        torch.set_num_threads(before)


def test_the_count_is_put_back_after_an_error() -> None:
    before = torch.get_num_threads()
    with pytest.raises(ZeroDivisionError):
        side_by_side(lambda item: 1 // item, [1, 0])
    assert torch.get_num_threads() == before
