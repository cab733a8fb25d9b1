from __future__ import annotations

from pathlib import Path

import numpy as np
import PIL.Image
import pytest

from data_splits.errors import UserError
from data_splits.sources import load_split


def write(path: Path, pixels: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    PIL.Image.fromarray(pixels).save(path)


def folder(root: Path, where: str = "masks") -> Path:
    """Two images; the second one's heart is not outlined."""
    rng = np.random.default_rng(0)
    for name in ("a", "b"):
        write(root / "images" / f"{name}.png", rng.integers(0, 255, (16, 20), dtype=np.uint8))
        lung = np.zeros((16, 20), np.uint8)
        lung[2:9, 3:8] = 255 if name == "a" else 1
        write(root / where / f"{name}_lung.png", lung)
    heart = np.zeros((32, 40), np.uint8)
    heart[10:20, 10:20] = 200
    write(root / where / "a_heart.png", heart)
    rows = ["image,mask_lung,mask_heart", "a.png,a_lung.png,a_heart.png", "b.png,b_lung.png,"]
    (root / "cases.csv").write_text("\n".join(rows))
    return root


@pytest.mark.parametrize("where", ["masks", "images", "."])
def test_masks_are_read_beside_the_images(tmp_path: Path, where: str) -> None:
    split = load_split(f"folder:{folder(tmp_path, where)}")
    assert split.read_masks is not None
    one, other = (split.read_masks(case) for case in split.cases("test"))
    assert set(one) == {"lung", "heart"} and set(other) == {"lung"}
    assert one["lung"].dtype == bool and one["lung"].sum() == other["lung"].sum() == 7 * 5
    assert one["heart"].shape == (32, 40) and one["heart"].sum() == 100


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    folder(tmp_path)
    (tmp_path / "masks" / "b_lung.png").unlink()
    with pytest.raises(UserError, match=r"mask file.*\n?.*row 2: b_lung.png"):
        load_split(f"folder:{tmp_path}")
    with pytest.raises(UserError) as error:
        load_split(f"folder:{tmp_path}", credentialed=True)
    assert "b_lung" not in str(error.value)


def test_without_such_columns_there_are_none(tmp_path: Path) -> None:
    folder(tmp_path)
    (tmp_path / "cases.csv").write_text("image,mask_\na.png,x\nb.png,x")
    assert load_split(f"folder:{tmp_path}").read_masks is None
