"""Planted parameters move pixels and masks as physics says; bytes depend on the study alone."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import numpy as np
import pytest

from data_splits.phantom.acquisition import AP_HEART_MAGNIFICATION, FIELD_MM, sample_acquisition
from data_splits.phantom.anatomy import sample_anatomy
from data_splits.phantom.cohort import PhantomStudy, phantom_studies
from data_splits.phantom.draws import Draws
from data_splits.phantom.findings import Consolidation, Findings, Lesion, healthy
from data_splits.phantom.rendering import render, render_masks

SIZE = 128
GOLDEN: dict[tuple[str, int, int], str] = {
    ("test", 0, 256): "87a1a4c4631bbdddb0d4d901a5ffd7cb6a3cf8903119487e41dc4757f48554c4",
    ("test", 3, 128): "f7b56e9cc2c7340092fb7f6f122e01723ff63c82100186698ef9fa5ac37aa9be",
    ("train", 5, 256): "5661d5a8a28ce814d47398c1ff05f8ea9c5f37a19a0eac04645770dd51896314",
    ("train", 11, 128): "11e61057b8d1dd1489a7e98e4c9c6b429a201b23eac8cf3d132896a72c40df62",
}
PINNED = [0.081692, 37, -0.178079]


def plain(number: int = 0, view: str = "PA") -> PhantomStudy:
    """A healthy, level, uncollimated study of one test patient."""
    studies = [s for s in phantom_studies(0, "test", patients=8) if s.study_id.endswith("s0")]
    study = studies[number]
    shot = replace(
        sample_acquisition(("plain", number), view),
        rotation=0.0,
        shift_x=0.0,
        shift_y=0.0,
        scale=1.0,
        obliquity=0.0,
        inspiration=0.0,
        collimation=(0.0, 0.0, 0.0, 0.0),
        marker="",
    )
    return replace(study, view=view, acquisition=shot, findings=healthy(study.findings))


def with_findings(study: PhantomStudy, **changes: object) -> PhantomStudy:
    return replace(study, findings=replace(study.findings, **changes))


def lung_mean(study: PhantomStudy, side: str, low: float, high: float) -> float:
    """Mean grey level in a horizontal slice of the healthy lung field (0 apex to 1 base)."""
    field = getattr(render_masks(study, SIZE), f"{side}_lung")
    rows = np.flatnonzero(field.any(axis=1))
    top, bottom = rows[0], rows[-1]
    slab = slice(int(top + low * (bottom - top)), int(top + high * (bottom - top)) + 1)
    return float(render(study, SIZE)[slab][field[slab]].mean())


def measured_ctr(study: PhantomStudy, size: int = 512) -> float:
    found = render_masks(study, size)

    def width(mask: np.ndarray) -> int:
        columns = np.flatnonzero(mask.any(axis=0))
        return int(columns[-1] - columns[0] + 1)

    return width(found.heart) / width(found.left_lung | found.right_lung)


def test_same_study_gives_same_bytes_and_another_study_does_not() -> None:
    first, second = list(phantom_studies(3, "test", patients=3))[:2]
    assert render(first, SIZE).tobytes() == render(first, SIZE).tobytes()
    assert render(first, SIZE).tobytes() != render(second, SIZE).tobytes()
    assert render(first, SIZE).dtype == np.uint8
    assert render(first, SIZE).shape == (SIZE, SIZE)


@pytest.mark.parametrize(("subset", "number", "size"), sorted(GOLDEN))
def test_golden_bytes(subset: str, number: int, size: int) -> None:
    """The embedded generator and the published records hang on these bytes: they never change."""
    study = list(phantom_studies(0, subset, patients=12))[number]
    assert hashlib.sha256(render(study, size).tobytes()).hexdigest() == GOLDEN[subset, number, size]


def test_last_bit_differences_do_not_reach_the_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another processor's exp or power may differ in the last bits; the bytes must not."""
    from data_splits.phantom import rendering

    study = next(phantom_studies(0, "test"))
    before = render(study, 256)
    exact = rendering.line_integral
    wobble = np.random.default_rng(0).uniform(-1, 1, (256, 256)) * 4e-15
    monkeypatch.setattr(rendering, "line_integral", lambda scene: exact(scene) * (1 + wobble))
    assert np.array_equal(render(study, 256), before)


def test_raw_draws_are_pinned() -> None:
    d = Draws("pinned", 1)
    assert [round(d.uniform(), 6), d.integer(0, 99), round(d.normal(), 6)] == PINNED


def test_draws_have_the_stated_moments() -> None:
    field = Draws("moments").normal_field((400, 400))
    assert abs(field.mean()) < 0.01
    assert abs(field.std() - 1) < 0.01
    assert np.abs(field).max() < 3.4642


def test_size_must_be_a_multiple_of_32() -> None:
    with pytest.raises(ValueError, match="multiple of 32"):
        render(plain(), 100)


def test_picture_keeps_its_anatomy_across_sizes() -> None:
    study = plain()
    small = render(study, 128).astype(float)
    large = render(study, 256).astype(float).reshape(128, 2, 128, 2).mean(axis=(1, 3))
    assert np.abs(small - large).mean() < 4
    assert np.corrcoef(small.ravel(), large.ravel())[0, 1] > 0.995


def test_looks_like_a_radiograph() -> None:
    """Dark lungs, brighter heart and abdomen, nothing clipped over large areas."""
    for number in range(4):
        study = plain(number)
        picture, found = render(study, SIZE).astype(float), render_masks(study, SIZE)
        lungs = picture[found.left_lung | found.right_lung].mean()
        assert picture[found.heart].mean() > lungs + 50
        assert picture[-SIZE // 12 :, SIZE // 3 : -SIZE // 3].mean() > lungs + 50
        assert ((picture <= 1) | (picture >= 254)).mean() < 0.02


@pytest.mark.parametrize("side", ["left", "right"])
def test_effusion_whitens_the_base_the_more_the_higher(side: str) -> None:
    study = plain(1)
    base = [
        lung_mean(with_findings(study, **{f"effusion_{side}": h}), side, 0.6, 1.0) for h in (0.0, 30.0, 70.0, 110.0)
    ]
    assert np.all(np.diff(base) > 5)
    other = "right" if side == "left" else "left"
    big = with_findings(study, **{f"effusion_{side}": 110.0})
    # The automatic exposure shifts the other lung a little; it must not whiten.
    assert abs(lung_mean(big, other, 0.0, 0.4) - lung_mean(study, other, 0.0, 0.4)) < 0.25 * (base[-1] - base[0])


@pytest.mark.parametrize("view", ["PA", "AP"])
@pytest.mark.parametrize("ctr", [0.40, 0.48, 0.56, 0.64])
def test_cardiothoracic_ratio_can_be_measured_from_the_masks(view: str, ctr: float) -> None:
    gain = AP_HEART_MAGNIFICATION if view == "AP" else 1.0
    assert measured_ctr(with_findings(plain(2, view), ctr=ctr)) == pytest.approx(ctr * gain, abs=0.012)


def test_pneumothorax_darkens_the_rim_and_drops_its_vessels() -> None:
    study = plain(3)
    field = render_masks(study, SIZE).left_lung
    distance = np.cumsum(field[:, ::-1], axis=1)[:, ::-1] * (FIELD_MM / SIZE)
    rim = field & (distance < 18) & (np.arange(SIZE)[:, None] < np.flatnonzero(field.any(axis=1)).mean())
    level = [
        float(render(with_findings(study, pneumothorax_side="left", pneumothorax=mm), SIZE)[rim].mean())
        if mm
        else float(render(study, SIZE)[rim].mean())
        for mm in (0.0, 20.0, 45.0)
    ]
    assert level[1] < level[0] - 6
    assert level[2] < level[0] - 10


def test_edema_brightens_both_lungs_gradually() -> None:
    study = plain(4)
    for side in ("left", "right"):
        levels = [lung_mean(with_findings(study, edema=e), side, 0.3, 0.8) for e in (0.0, 0.4, 0.7, 1.0)]
        assert np.all(np.diff(levels) > 1)


def test_consolidation_and_lesion_act_where_they_are() -> None:
    study = plain(5)
    dense = with_findings(study, consolidations=(Consolidation("right upper", 36.0, 0.9),))
    change = render(dense, SIZE).astype(float) - render(study, SIZE)
    assert change[: SIZE // 2, : SIZE // 2].max() > 40
    assert np.abs(change[: SIZE // 2, SIZE // 2 :]).mean() < 6
    small, large = (with_findings(study, lesions=(Lesion("left", 0.5, 0.4, r),)) for r in (8.0, 18.0))
    added = [np.maximum(render(s, SIZE).astype(float) - render(study, SIZE), 0).sum() for s in (small, large)]
    assert added[1] > 2 * added[0] > 0


def test_atelectasis_raises_the_dome_of_its_side_only() -> None:
    study = plain(0)
    raised = render_masks(with_findings(study, atelectasis_side="right", atelectasis=25.0), SIZE)
    before = render_masks(study, SIZE)
    assert raised.right_lung.sum() < 0.93 * before.right_lung.sum()
    assert abs(int(raised.left_lung.sum()) - int(before.left_lung.sum())) < 0.06 * before.left_lung.sum()


def test_devices_are_bright_and_wide_mediastinum_is_wide() -> None:
    study = plain(1)
    for device in ("endotracheal tube", "central line", "pacemaker", "sternal wires", "nasogastric tube"):
        change = render(with_findings(study, devices=(device,)), 256).astype(float) - render(study, 256)
        assert np.sort(change.ravel())[-40:].mean() > 15, device
    drained = with_findings(study, devices=("chest tube",), chest_tube_side="left")
    assert np.sort((render(drained, 256).astype(float) - render(study, 256)).ravel())[-40:].mean() > 15
    wide = render_masks(with_findings(study, wide_mediastinum=25.0), SIZE)
    assert wide.left_lung.sum() + wide.right_lung.sum() < 0.97 * sum(
        int(getattr(render_masks(study, SIZE), f"{s}_lung").sum()) for s in ("left", "right")
    )


def test_fracture_and_thickening_change_the_wall() -> None:
    from data_splits.phantom.findings import Fracture

    study = plain(2)
    broken = with_findings(study, fractures=(Fracture("left", 5, 0.3, 10.0),))
    thick = with_findings(study, thickening_side="left", thickening=12.0)
    for changed in (broken, thick):
        change = np.abs(render(changed, 256).astype(float) - render(study, 256))
        assert change[:, 128:].max() > 12
        assert change[:, 150:].mean() > 3 * change[:, :100].mean()


def test_masks_are_coherent() -> None:
    for study in list(phantom_studies(0, "test", patients=6)):
        found = render_masks(study, SIZE)
        assert not (found.left_lung & found.right_lung).any()
        assert not (found.heart & (found.left_lung | found.right_lung)).any()
        assert min(found.left_lung.sum(), found.right_lung.sum()) > 0.04 * SIZE**2
        for mask in (found.heart, found.left_clavicle, found.right_clavicle):
            assert mask.any()
        centre = {
            name: float(np.nonzero(getattr(found, name))[1].mean())
            for name in ("right_lung", "heart", "left_lung", "right_clavicle", "left_clavicle")
        }
        assert centre["right_lung"] < centre["heart"] < centre["left_lung"]
        assert centre["right_clavicle"] < centre["left_clavicle"]


def test_sex_and_age_shape_the_anatomy() -> None:
    women = [sample_anatomy(("a", i), "F", 40) for i in range(60)]
    men = [sample_anatomy(("a", i), "M", 40) for i in range(60)]
    old = [sample_anatomy(("a", i), "M", 88) for i in range(60)]

    def mean(group: list, name: str) -> float:
        return float(np.mean([getattr(x, name) for x in group]))

    assert mean(women, "chest_half_width") < mean(men, "chest_half_width") - 8
    assert min(x.breast_radius for x in women) > 0 == max(x.breast_radius for x in men)
    assert mean(old, "unfolding") > 5 > mean(men, "unfolding") == 0
    assert mean(old, "bone_density") < mean(men, "bone_density") - 0.1
    assert mean(old, "kyphosis") > mean(men, "kyphosis")


def test_view_changes_heart_and_domes() -> None:
    ap, pa = plain(0, "AP"), plain(0, "PA")
    assert measured_ctr(ap) > measured_ctr(pa) + 0.015
    lifts = [[sample_acquisition(("v", i), view).inspiration for i in range(50)] for view in ("AP", "PA")]
    assert np.mean(lifts[0]) < np.mean(lifts[1]) - 10


def test_same_patient_looks_alike() -> None:
    """The known identity can be read: pictures of one patient are closer than those of two."""
    base = list(phantom_studies(0, "test", patients=24))
    one = {s.patient_id: s for s in base}.values()
    pairs = []
    for study in one:
        twin = replace(
            study, study_id=study.study_id + "x", acquisition=sample_acquisition(("twin", study.study_id), "PA")
        )
        first = replace(study, acquisition=sample_acquisition(("first", study.study_id), "PA"))
        clear = [replace(s, findings=healthy(s.findings, s.anatomy.ctr)) for s in (first, twin)]
        pairs.append([render(s, 64).astype(float) for s in clear])
    a, b = (np.stack([p[k].ravel() for p in pairs]) for k in (0, 1))
    distance = np.square(a[:, None] - b[None]).mean(axis=2)
    same = np.diag(distance)
    different = distance[~np.eye(len(a), dtype=bool)]
    assert (same[:, None] < different[None]).mean() > 0.8


def test_findings_default_is_healthy() -> None:
    assert healthy(Findings(ctr=0.6, edema=1.0)).edema == 0.0
