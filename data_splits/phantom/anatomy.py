"""The fixed anatomy of one phantom patient: everything that two studies of the same patient share.

Patient coordinates are millimetres: x to the right of the picture (the patient's left), y downwards, the origin on the
midline at the level of the hila. The picture covers about 368 mm.
"""

from __future__ import annotations

from dataclasses import dataclass

from data_splits.phantom.draws import Draws


@dataclass(frozen=True)
class Anatomy:
    """Shape of one patient; lengths in mm, angles in radians, densities relative to water or normal bone."""

    sex: str
    age: int
    chest_half_width: float  # inner rib cage at its widest
    chest_depth: float  # longest path through a lung
    wall: float  # soft tissue outside the rib cage, at the sides
    body_depth: float  # front-to-back path outside the lungs
    apex_y: float
    apex_x: float
    cage_power: float  # roundness of the upper rib cage
    asymmetry: float  # left lung wider (+) or narrower (-)
    dome_right_y: float
    dome_step: float  # the left dome lies lower by this
    dome_height: float
    dome_centre: float  # as a fraction of the half width
    ctr: float  # healthy cardiothoracic ratio
    heart_tilt: float
    heart_right_share: float
    heart_roundness: float
    heart_rest: float  # how far the heart's lowest point lies below the domes
    knob_x: float
    knob_y: float
    knob_radius: float
    unfolding: float  # how far the descending aorta bulges to the left
    mediastinum: float  # half width of the upper mediastinum
    spine_bend: float
    spine_phase: float
    vertebra: float  # height of a vertebra with its disc
    bone_density: float
    rib_first_y: float
    rib_spacing: float
    rib_drop: float
    rib_radius: float
    rib_wobble: float
    clavicle_angle: float
    clavicle_y: float
    clavicle_curve: float
    shoulder_y: float
    scapula_x: float
    trachea_shift: float
    hilum_left_y: float
    hilum_right_y: float
    hilum_size: float
    vessel_seed: str
    vessel_gain: float
    breast_radius: float  # 0 for none
    breast_y: float
    breast_x: float
    stomach_bubble: float
    lung_density: float
    kyphosis: float  # 0 upright ... 1 strongly bent: shorter, deeper chest


def sample_anatomy(key: tuple[str | int, ...], sex: str, age: int) -> Anatomy:
    """Draw a patient's anatomy; the key fixes it, sex and age (years, at the first study) shape it."""
    d = Draws(*key, "anatomy")
    male = sex == "M"
    old = max(0.0, (age - 50) / 45.0)
    habitus = d.normal(0.0, 1.0)  # thin (-) to heavy (+)
    frame = d.normal(0.0, 1.0)
    kyphosis = min(1.0, max(0.0, old * d.uniform(0.1, 1.2)))
    half_width = (137.0 if male else 123.0) + 6.5 * frame + 1.5 * habitus
    depth = (150.0 if male else 134.0) + 4.0 * frame + 12.0 * kyphosis
    tall = d.normal(0.0, 1.0)
    apex = -134.0 - 7.0 * tall + 8.0 * kyphosis
    return Anatomy(
        sex=sex,
        age=age,
        chest_half_width=half_width,
        chest_depth=depth,
        wall=26.0 + (4.0 if male else 2.0) + 7.0 * max(-1.6, habitus),
        body_depth=depth + 62.0 + 14.0 * habitus,
        apex_y=apex,
        apex_x=half_width * d.uniform(0.36, 0.46),
        cage_power=d.uniform(1.9, 2.6),
        asymmetry=d.normal(0.0, 3.5),
        dome_right_y=84.0 + 6.0 * tall + d.normal(0.0, 5.0) - 3.0 * habitus,
        dome_step=d.normal(9.0, 6.0),
        dome_height=d.uniform(36.0, 58.0),
        dome_centre=d.uniform(0.40, 0.56),
        ctr=min(0.49, max(0.37, 0.43 + 0.015 * old + 0.01 * habitus + d.normal(0.0, 0.022))),
        heart_tilt=d.uniform(0.45, 0.95),
        heart_right_share=d.uniform(0.28, 0.38),
        heart_roundness=d.uniform(0.68, 0.86),
        heart_rest=d.uniform(8.0, 18.0),
        knob_x=d.uniform(24.0, 32.0) + 6.0 * old,
        knob_y=-62.0 + d.normal(0.0, 6.0),
        knob_radius=d.uniform(13.0, 17.0) + 5.0 * old,
        unfolding=old * d.uniform(4.0, 20.0),
        mediastinum=d.uniform(19.0, 26.0) + 3.0 * old + 1.5 * max(0.0, habitus),
        spine_bend=d.normal(0.0, 3.0 + 3.0 * old),
        spine_phase=d.uniform(-1.5, 1.5),
        vertebra=d.uniform(22.0, 25.5) - 2.0 * kyphosis,
        bone_density=(1.0 if male else 0.9) * (1.06 - 0.30 * old) + d.normal(0.0, 0.05),
        rib_first_y=apex - d.uniform(2.0, 12.0),
        rib_spacing=d.uniform(21.0, 24.5) - 1.5 * kyphosis,
        rib_drop=d.uniform(78.0, 118.0) + 10.0 * kyphosis,
        rib_radius=(5.8 if male else 5.1) + d.normal(0.0, 0.35),
        rib_wobble=d.uniform(-4.0, 4.0),
        clavicle_angle=d.normal(0.20, 0.08),
        clavicle_y=-88.0 + d.normal(0.0, 6.0),
        clavicle_curve=d.uniform(5.0, 13.0),
        shoulder_y=-118.0 + d.normal(0.0, 8.0),
        scapula_x=d.uniform(0.93, 1.10),
        trachea_shift=d.normal(2.0, 2.0) * -1.0,
        hilum_left_y=-16.0 + d.normal(0.0, 5.0),
        hilum_right_y=-5.0 + d.normal(0.0, 5.0),
        hilum_size=d.uniform(0.8, 1.25),
        vessel_seed="/".join(str(part) for part in key),
        vessel_gain=d.uniform(0.8, 1.2),
        breast_radius=0.0 if male else max(52.0, d.normal(76.0, 8.0) + 7.0 * habitus),
        breast_y=0.0 if male else d.normal(46.0, 9.0) + 18.0 * old,
        breast_x=half_width * d.uniform(0.56, 0.72),
        stomach_bubble=d.uniform(0.0, 1.0),
        lung_density=0.27 + d.normal(0.0, 0.018) - (0.03 * old),
        kyphosis=kyphosis,
    )
