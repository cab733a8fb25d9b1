from model_adapters.methods.bads.batches import Batches


def test_an_epoch_shows_every_example_at_most_once_and_any_step_stands_alone() -> None:
    batches = Batches(10, 3, 7, "test")
    steps = [batches.rows(step).tolist() for step in range(6)]
    assert all(len({row for step in epoch for row in step}) == 9 for epoch in (steps[:3], steps[3:]))
    assert steps[:3] != steps[3:]
    assert Batches(10, 3, 7, "test").rows(4).tolist() == steps[4]
    assert Batches(10, 3, 8, "test").rows(4).tolist() != steps[4]


def test_a_small_set_is_taken_whole() -> None:
    assert sorted(Batches(4, 64, 0, "test").rows(17).tolist()) == [0, 1, 2, 3]


def test_an_epoch_is_told_as_it_is_gone_through() -> None:
    batches = Batches(10, 3, 7, "test")
    assert [batches.epoch(step) for step in range(7)] == [0, 0, 0, 1, 1, 1, 2]
    assert [Batches(4, 64, 0, "test").epoch(step) for step in range(3)] == [0, 1, 2]
