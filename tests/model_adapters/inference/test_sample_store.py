from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_splits.errors import ImageUnreadable, UserError
from model_adapters.inference.hashing import image_hash
from model_adapters.inference.sample_store import SampleRow, SampleStore, decode_png, encode_png

KEY = {"card": "abc", "settings": {"steps": 20, "dtype": "fp16"}, "run_seed": 0}


def sample(case: str, value: int, draw: int = 0) -> tuple[SampleRow, np.ndarray]:
    pixels = np.full((4, 5), value, np.uint8)
    return SampleRow(case, draw, 7, "ok", image_hash(pixels)), pixels


def test_what_was_appended_is_there_after_reopening(tmp_path: Path) -> None:
    store = SampleStore(tmp_path, KEY)
    row = SampleRow("c", 0, 7, "refused", reason="GenerationRefused", info={"truncated": True})
    store.append([sample("a", 1), sample("b", 2), (row, None)])
    again = SampleStore(tmp_path, KEY)
    assert again.rows == store.rows and again.rows["c", 0] == row
    assert (again.load(again.rows["b", 0]) == 2).all()
    assert again.samples_hash == store.samples_hash
    assert again.verify() == []


def test_equal_images_are_stored_once(tmp_path: Path) -> None:
    SampleStore(tmp_path, KEY).append([sample("a", 1), sample("b", 1)])
    assert len(list(tmp_path.glob("images/*/*.png"))) == 1


def test_samples_hash_ignores_order_and_sees_content(tmp_path: Path) -> None:
    one, two, three = (SampleStore(tmp_path / name, KEY) for name in "xyz")
    one.append([sample("a", 1), sample("b", 2)])
    two.append([sample("b", 2)])
    two.append([sample("a", 1)])
    three.append([sample("a", 2), sample("b", 1)])
    assert one.samples_hash == two.samples_hash != three.samples_hash


@pytest.mark.parametrize("change", [{"run_seed": 1}, {"settings": {"steps": 21, "dtype": "fp16"}}, {"new": 1}])
def test_another_key_is_refused_by_name_of_the_difference(tmp_path: Path, change: dict) -> None:
    SampleStore(tmp_path, KEY).append([sample("a", 1)])
    (name,) = change
    with pytest.raises(UserError, match=f"another run.*{name}"):
        SampleStore(tmp_path, KEY | change)
    assert SampleStore(tmp_path, dict(reversed(KEY.items()))).rows


def test_samples_without_a_key_are_refused(tmp_path: Path) -> None:
    SampleStore(tmp_path, KEY).append([sample("a", 1)])
    (tmp_path / "key.json").unlink()
    with pytest.raises(UserError, match=r"key\.json"):
        SampleStore(tmp_path, KEY)


@given(cut=st.integers(1, 60))
def test_torn_last_line_is_forgotten_and_does_not_swallow_the_next(tmp_path_factory, cut: int) -> None:
    folder = tmp_path_factory.mktemp("torn")
    SampleStore(folder, KEY).append([sample("a", 1), sample("b", 2)])
    index = folder / "index.jsonl"
    index.write_bytes(index.read_bytes()[:-cut])
    torn = SampleStore(folder, KEY)
    assert list(torn.rows) == [("a", 0)]
    torn.append([sample("c", 3)])
    assert list(SampleStore(folder, KEY).rows) == [("a", 0), ("c", 0)]


def test_damaged_line_in_the_middle_is_an_error_that_names_it(tmp_path: Path) -> None:
    SampleStore(tmp_path, KEY).append([sample("a", 1), sample("b", 2)])
    index = tmp_path / "index.jsonl"
    index.write_text(index.read_text().replace('"ok"', '"okay"', 1))
    with pytest.raises(UserError, match="Line 1"):
        SampleStore(tmp_path, KEY)


def test_damaged_missing_and_exchanged_images_are_found(tmp_path: Path) -> None:
    store = SampleStore(tmp_path, KEY)
    store.append([sample("a", 1), sample("b", 2), sample("c", 3), sample("d", 4)])
    paths = {case: store.path(str(store.rows[case, 0].image_sha256)) for case in "abcd"}
    paths["a"].write_bytes(paths["a"].read_bytes()[:30])
    paths["b"].unlink()
    paths["c"].write_bytes(encode_png(np.full((4, 5), 9, np.uint8)))
    assert [row.case_id for row in store.verify()] == ["a", "b", "c"]
    with pytest.raises(ImageUnreadable):
        store.load(store.rows["c", 0])
    store.repair()
    assert [store.has((case, 0)) for case in "abcd"] == [False, False, False, True]
    store.append([sample("a", 1)])
    assert store.has(("a", 0)) and SampleStore(tmp_path, KEY).rows["a", 0].status == "ok"


def test_row_and_image_must_agree(tmp_path: Path) -> None:
    store = SampleStore(tmp_path, KEY)
    with pytest.raises(ValueError, match="does not match"):
        store.append([(sample("a", 1)[0], sample("a", 2)[1])])
    assert not store.rows


def test_two_writers_are_kept_apart(tmp_path: Path) -> None:
    one, two = SampleStore(tmp_path, KEY), SampleStore(tmp_path, KEY)
    with one.locked(), pytest.raises(UserError, match="Another process"), two.locked():
        pass
    with two.locked():
        pass


@pytest.mark.parametrize("shape", [(7, 5), (7, 5, 3)])
def test_png_round_trip(shape: tuple[int, ...]) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    assert (decode_png(encode_png(pixels)) == pixels).all()
