import pytest

from model_adapters.check_method import check_method


@pytest.mark.parametrize(
    ("method", "fault"),
    [
        ("forgetful", "killed, it goes on where it stopped"),
        ("wilful", "and ends in the same artifact"),
        ("pickling", "a fit leaves a sound artifact"),
        ("overdrawn", "a fit leaves a sound artifact"),
        ("silent", "it tells of each step that is safe"),
        ("unexplained", "every input says what it is"),
    ],
)
def test_faults_are_found(method: str, fault: str) -> None:
    failed = [check.name for check in check_method(f"faulty_methods:build_{method}") if not check.passed]
    assert failed == [fault]
