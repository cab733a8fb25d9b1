from model_adapters.inference.prompt_lengths import prompt_lengths, sentence
from model_adapters.inference.sample_store import SampleRow


def row(name: str, **info: bool | int) -> SampleRow:
    return SampleRow(name, 0, 1, "ok", "0" * 64, info=info or None)


def test_counts_by_limit() -> None:
    lengths = (10, 77, 78, 128, 129, 301)
    rows = [row(f"c{length}", tokens=length, truncated=length > 128) for length in lengths]
    assert prompt_lengths(rows) == {
        "prompts": 6,
        "longest": 301,
        "over": {"77": 4, "128": 2, "300": 1},
        "cut": 2,
    }


def test_two_readers_are_told_apart() -> None:
    rows = [
        row("a", tokens=100, truncated=False, tokens_short=90, truncated_short=True),
        row("b", tokens=5, truncated=False),
    ]
    counts = prompt_lengths(rows)
    assert counts is not None and counts["cut"] == 0 and counts["cut_short"] == 1
    assert "0 of 2 prompts" in sentence(counts) and "1 by its shorter text encoder" in sentence(counts)


def test_silence_is_no_zero() -> None:
    assert prompt_lengths([row("a"), row("b", truncated=True)]) is None
