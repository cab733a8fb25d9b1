"""How one study was taken: positioning, breath, exposure, collimation and markers, none of which the patient fixes."""

from __future__ import annotations

from dataclasses import dataclass

from data_splits.phantom.draws import Draws

FIELD_MM = 368.0  # side of the picture at scale 1
AP_HEART_MAGNIFICATION = 1.07  # the heart lies farther from the detector; a typical gain of the cardiothoracic ratio


@dataclass(frozen=True)
class Acquisition:
    """Lengths in mm, angles in radians."""

    view: str  # "PA" (standing) or "AP" (bed)
    rotation: float  # in the picture plane
    shift_x: float
    shift_y: float
    scale: float
    obliquity: float  # sideways shift of the front of the chest against the spine
    inspiration: float  # mm by which the domes move down (+) or up (-)
    clavicle_lift: float
    photons: float  # per pixel in open air at 256 x 256
    scatter: float  # scattered share of the blurred primary signal
    blur: float  # penumbra and motion, sigma in mm
    window_centre: float
    window_width: float
    equalisation: float  # share of the coarse background taken off by the display processing
    collimation: tuple[float, float, float, float]  # blackened margin left, right, top, bottom, as a share of the side
    marker: str  # "L", "R" or ""
    marker_x: float
    marker_y: float
    marker_size: float
    portable: bool
    arms: float  # 0 away from the chest ... 1 beside it


def sample_acquisition(key: tuple[str | int, ...], view: str) -> Acquisition:
    """Draw one study's acquisition; AP films are taken lying, with less breath, less contrast and more tilt."""
    d = Draws(*key, "acquisition")
    ap = view == "AP"
    margins = [d.uniform(0.0, 1.0) for _ in range(4)]
    cut = d.chance(0.35)
    right_marker = d.chance(0.35)
    return Acquisition(
        view=view,
        rotation=d.normal(0.0, 0.032 if ap else 0.018),
        shift_x=d.normal(0.0, 5.0 if ap else 3.5),
        shift_y=d.normal(2.0, 6.0 if ap else 4.0),
        scale=d.normal(1.035 if ap else 1.0, 0.018),
        obliquity=d.normal(0.0, 4.0 if ap else 2.0),
        inspiration=d.normal(-15.0 if ap else 3.0, 7.0 if ap else 5.0),
        clavicle_lift=d.normal(16.0 if ap else 0.0, 6.0),
        photons=d.uniform(9000.0, 20000.0) if ap else d.uniform(16000.0, 40000.0),
        scatter=d.uniform(0.30, 0.45) if ap else d.uniform(0.18, 0.30),
        blur=d.uniform(0.9, 1.4) if ap else d.uniform(0.7, 1.1),
        window_centre=d.normal(0.0, 0.05),
        window_width=d.uniform(0.62, 0.75),
        equalisation=d.uniform(0.06, 0.13),
        collimation=(
            0.05 * margins[0] if cut else 0.0,
            0.05 * margins[1] if cut else 0.0,
            0.06 * margins[2] if cut and margins[2] > 0.4 else 0.0,
            0.06 * margins[3] if cut and margins[3] > 0.5 else 0.0,
        ),
        marker=("R" if right_marker else "L") if d.chance(0.8) else "",
        marker_x=d.uniform(0.04, 0.12),
        marker_y=d.uniform(0.05, 0.22),
        marker_size=d.uniform(0.028, 0.042),
        portable=d.chance(0.4) and ap,
        arms=d.uniform(0.5, 1.0) if ap else d.uniform(0.0, 0.5),
    )
