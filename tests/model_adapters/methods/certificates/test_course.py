from pathlib import Path

from model_adapters.methods.certificates.course import Course


def test_stages_share_one_count_and_keep_their_own_state(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    course = Course(tmp_path, {"first": 3, "second": 2}, lambda done, total: told.append((done, total)))
    assert course["first"].state() == {}
    course["first"].keep({"x": 0.1 + 0.2}, 3)
    course["second"].tell(1)
    assert told == [(3, 5), (4, 5)]
    again = Course(tmp_path, {"first": 3, "second": 2}, lambda done, total: None)
    assert again["first"].state() == {"x": 0.1 + 0.2} and again["second"].state() == {}
