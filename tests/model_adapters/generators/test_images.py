from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from toy_split import Toy, toy

from data_splits.errors import ImageUnreadable, UserError
from model_adapters.generators.images import NotProvided, build, read_as_drawn
from model_adapters.inference.generate import generate
from model_adapters.inference.sample_store import SampleStore
from model_adapters.protocols import BuildContext, GenerationRequest


def save(folder: Path, name: str, value: int) -> str:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full((8, 8), value, np.uint8)).save(path)
    return name


def table(folder: Path, header: str, rows: list[str]) -> Path:
    path = folder / "drawn.csv"
    path.write_text("\n".join([header, *rows]) + "\n", "utf-8")
    return path


def context(data: Toy, target: Path, **options: object) -> BuildContext:
    return BuildContext(target=str(target), split=data.split, subset="test", options=options)


def values(adapter, requests) -> list[int]:
    adapter.prepare(requests)
    return [int(image.flat[0]) for image in adapter.generate(requests)]


@pytest.fixture
def data() -> Toy:
    return toy(test=4)


@pytest.mark.parametrize("column", ["img_savename", "synthetic_filename", "image"])
def test_by_id_with_every_published_column_name(tmp_path: Path, data: Toy, column: str) -> None:
    rows = [f"e{i:02d},{save(tmp_path, f'x/{i}.png', 10 + i)}" for i in (3, 1, 0, 2)]
    adapter = build(context(data, table(tmp_path, f"id,{column}", rows)))
    assert values(adapter, data.requests()) == [10, 11, 12, 13]
    assert adapter.warnings == ("matched by id: 4 of 4 cases, 4 of 4 images",)
    assert adapter.card.settings == {"matched_by": "id"}


@pytest.mark.parametrize("column", ["prompt", "annotated_prompt"])
def test_by_prompt(tmp_path: Path, data: Toy, column: str) -> None:
    cases = data.split.cases("test")
    rows = [f'"{cases[i].prompt}",{save(tmp_path, f"{i}.png", 10 + i)}' for i in (2, 0, 3, 1)]
    adapter = build(context(data, table(tmp_path, f"{column},img_savename", rows)))
    assert values(adapter, data.requests()) == [10, 11, 12, 13]
    assert "matched by prompt" in adapter.warnings[0]


def test_equal_prompts_go_in_order_and_then_become_draws(tmp_path: Path) -> None:
    from dataclasses import replace

    data = toy(test=3)
    cases = [
        replace(case, prompt="same" if index != 1 else "other") for index, case in enumerate(data.split.cases("test"))
    ]
    object.__setattr__(data.split, "subsets", {**data.split.subsets, "test": tuple(cases)})
    prompts = ["same", "other", "same", "same"]
    rows = [f"{prompt},{save(tmp_path, f'{i}.png', i)}" for i, prompt in enumerate(prompts)]
    adapter = build(context(data, table(tmp_path, "prompt,image", rows)))
    assert values(adapter, data.requests()) == [0, 1, 2]
    assert values(adapter, data.requests(draw=1)[:1]) == [3]


def test_ids_that_do_not_fit_fall_back_to_prompts(tmp_path: Path, data: Toy) -> None:
    cases = data.split.cases("test")
    rows = [f'row-{i},"{cases[i].prompt}",{save(tmp_path, f"{i}.png", i)}' for i in range(4)]
    assert values(build(context(data, table(tmp_path, "id,prompt,image", rows))), data.requests()) == [0, 1, 2, 3]


def test_draws_by_column_or_by_repetition(tmp_path: Path, data: Toy) -> None:
    rows = [f"e{i:02d},{save(tmp_path, f'{i}-{d}.png', 10 * d + i)},{d}" for d in (1, 0) for i in range(4)]
    with_column = build(context(data, table(tmp_path, "id,image,draw", rows)))
    assert values(with_column, data.requests(draw=1)) == [10, 11, 12, 13]
    repeated = build(context(data, table(tmp_path, "id,image", [row.rpartition(",")[0] for row in rows])))
    assert values(repeated, data.requests(draw=1)) == [0, 1, 2, 3]
    doubled = table(tmp_path, "id,image,draw", [rows[0], rows[0]])
    with pytest.raises(UserError, match="Lines 2 and 3 are both draw 1 of case e00"):
        build(context(data, doubled))


def test_folder_of_files_named_after_cases(tmp_path: Path, data: Toy) -> None:
    for index in range(4):
        save(tmp_path, f"{'SyntheticImg_' * (index % 2)}e{index:02d}.png", index)
    assert values(build(context(data, tmp_path)), data.requests()) == [0, 1, 2, 3]


def test_folder_with_the_published_table(tmp_path: Path, data: Toy) -> None:
    rows = [f"e{i:02d},{save(tmp_path, f'{i}.png', i)}" for i in range(4)]
    table(tmp_path, "id,synthetic_filename", rows).rename(tmp_path / "generations_with_metadata.csv")
    (tmp_path / "other.csv").write_text("x\n")
    assert values(build(context(data, tmp_path)), data.requests()) == [0, 1, 2, 3]


def test_uncovered_cases_stop_the_run_unless_allowed(tmp_path: Path, data: Toy) -> None:
    path = table(tmp_path, "id,image", [f"e00,{save(tmp_path, 'a.png', 5)}", f"e02,{save(tmp_path, 'c.png', 6)}"])
    adapter = build(context(data, path))
    with pytest.raises(UserError, match=r"2 of 4 cases have no image, such as e01, e03.*--allow-missing"):
        generate(adapter, data.requests(), SampleStore(tmp_path / "store", {}))
    allowed = build(context(data, path, allow_missing=True))
    report = generate(allowed, data.requests(), SampleStore(tmp_path / "store", {}))
    assert report.counts == {"ok": 2, "refused": 2} and not report.bad
    assert [allowed.covers(request) for request in data.requests()] == [True, False, True, False]
    with pytest.raises(NotProvided):
        allowed.generate(data.requests(draw=1)[:1])


def test_further_draws_may_be_absent(tmp_path: Path, data: Toy) -> None:
    rows = [f"e{i:02d},{save(tmp_path, f'{i}.png', i)}" for i in range(4)]
    adapter = build(context(data, table(tmp_path, "id,image", rows)))
    requests = data.requests() + data.requests(draw=1)
    adapter.prepare(requests)
    assert [adapter.covers(request) for request in requests] == [True] * 4 + [False] * 4


def test_leftover_images_are_told(tmp_path: Path, data: Toy) -> None:
    rows = [f"e{i:02d},{save(tmp_path, f'{i}.png', i)}" for i in range(4)]
    rows += [f"t00,{save(tmp_path, 'train.png', 1)}"]
    adapter = build(context(data, table(tmp_path, "id,image", rows)))
    assert adapter.warnings[1] == "1 image(s) belong to no case of this subset and are not scored, such as train.png"
    assert adapter.warnings[1] in adapter.card.notes


@pytest.mark.parametrize(
    ("header", "rows", "options", "message"),
    [
        ("id,picture", ["e00,a.png"], {}, "has the columns id, picture; needed are an image column"),
        ("image,text", ["a.png,hello"], {}, "id .* or prompt column"),
        ("id,image", [], {}, "no rows"),
        ("id,image", ["e00,"], {}, "Line 2 of drawn.csv names no image"),
        ("id,image", ["e00,gone.png"], {}, r"1 of 1 image files .*line 2: gone.png.*images_root"),
        ("id,image", ["e00,a.png"], {"image_column": "img"}, "no column 'img'; it has id, image"),
        ("id,image", ["nobody,a.png"], {}, "None of the 1 images belongs to one of the 4 cases: no case_id"),
        ("id,image,draw", ["e00,a.png,first"], {}, "Line 2 .*'draw'"),
        ("id,image", ["e00,a.png"], {"image_colum": "x"}, "Did you mean image_column"),
    ],
)
def test_errors_are_exact(tmp_path: Path, data: Toy, header: str, rows: list, options: dict, message: str) -> None:
    save(tmp_path, "a.png", 1)
    with pytest.raises(UserError, match=message):
        build(context(data, table(tmp_path, header, rows), **options))


def test_no_such_file_and_no_target(tmp_path: Path, data: Toy) -> None:
    with pytest.raises(UserError, match="No such file"):
        build(context(data, tmp_path / "none.csv"))
    with pytest.raises(UserError, match=r"images:FILE\.csv"):
        build(data.context())
    (tmp_path / "bytes.csv").write_bytes(b"\xff\xfe\x00bad")
    with pytest.raises(UserError, match="UTF-8"):
        build(context(data, tmp_path / "bytes.csv"))
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match="neither a CSV"):
        build(context(data, tmp_path / "empty"))


def test_prompts_never_reach_a_message(tmp_path: Path, data: Toy) -> None:
    path = table(tmp_path, "prompt,image", [f"CANARY,{save(tmp_path, 'a.png', 1)}"])
    with pytest.raises(UserError) as caught:
        build(context(data, path))
    assert "CANARY" not in str(caught.value)


def test_images_root_and_own_column_names(tmp_path: Path, data: Toy) -> None:
    rows = [f"e{i:02d},{save(tmp_path / 'elsewhere', f'{i}.png', i)}" for i in range(4)]
    options = {"images_root": str(tmp_path / "elsewhere"), "image_column": "pic", "id_column": "who"}
    adapter = build(context(data, table(tmp_path, "who,pic", rows), **options))
    assert values(adapter, data.requests()) == [0, 1, 2, 3]


def test_an_exchanged_file_changes_the_card(tmp_path: Path, data: Toy) -> None:
    rows = [f"e{i:02d},{save(tmp_path, f'{i}.png', i)}" for i in range(4)]
    path = table(tmp_path, "id,image", rows)
    before = build(context(data, path)).card
    assert build(context(data, path)).card == before
    save(tmp_path, "2.png", 99)
    assert build(context(data, path)).card != before


def test_unreadable_images_are_corrupt_not_replaced(tmp_path: Path, data: Toy) -> None:
    rows = [f"e{i:02d},{save(tmp_path, f'{i}.png', i)}" for i in range(4)]
    (tmp_path / "2.png").write_bytes((tmp_path / "2.png").read_bytes()[:40])
    report = generate(
        build(context(data, table(tmp_path, "id,image", rows))), data.requests(), SampleStore(tmp_path / "s", {})
    )
    assert report.counts == {"ok": 3, "corrupt": 1} and [row.case_id for row in report.bad] == ["e02"]


def test_without_a_split_ids_and_prompts_are_taken_as_they_are(tmp_path: Path) -> None:
    path = table(tmp_path, "id,prompt,image", [f"q,hello,{save(tmp_path, 'a.png', 3)}"])
    adapter = build(BuildContext(target=str(path)))
    assert values(adapter, [GenerationRequest("q", "", 0), GenerationRequest("z", "hello", 0)]) == [3, 3]


def test_colours_are_kept_where_there_are_any(tmp_path: Path) -> None:
    colour = np.zeros((4, 4, 3), np.uint8)
    Image.fromarray(colour + 9).save(tmp_path / "grey.png")
    colour[..., 0] = 200
    Image.fromarray(colour).save(tmp_path / "red.png")
    assert read_as_drawn(tmp_path / "grey.png").shape == (4, 4)
    assert (read_as_drawn(tmp_path / "red.png") == colour).all()
    with pytest.raises(ImageUnreadable):
        read_as_drawn(tmp_path / "none.png")
