from model_adapters.methods.capacity_control.pace import Pace


def test_a_line_every_twenty_seconds_and_none_at_the_end() -> None:
    clock, lines = [0.0], list[str]()
    pace = Pace("train", 100, lines.append, lambda: clock[0])
    for done in range(1, 101):
        clock[0] += 1.0
        pace(done, f"loss {done}")
    assert len(lines) == 4 and lines[0] == "train: 20/100 (20 %), 20 s, about 80 s left, loss 20"
