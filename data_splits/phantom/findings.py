"""Findings with physical parameters, and the CheXpert labels and severities that follow from them."""

from __future__ import annotations

from dataclasses import dataclass, replace

from data_splits.case import CHEXPERT_LABELS
from data_splits.phantom.draws import Draws

LOBES = ("right upper", "right middle", "right lower", "left upper", "lingula", "left lower")
DEVICES = ("endotracheal tube", "central line", "pacemaker", "chest tube", "sternal wires", "nasogastric tube")


@dataclass(frozen=True)
class Consolidation:
    """An airspace opacity: lobe, radius (mm) and how much of the air it replaces (0 to 1)."""

    lobe: str
    radius: float
    density: float


@dataclass(frozen=True)
class Lesion:
    """A round lesion: side, place in the lung (0 to 1 outwards, 0 to 1 from the apex down), radius in mm."""

    side: str
    across: float
    down: float
    radius: float


@dataclass(frozen=True)
class Fracture:
    """A displaced rib: side, rib number (from 1), place along the rib (0 to 1), step in mm."""

    side: str
    rib: int
    along: float
    step: float


@dataclass(frozen=True)
class Findings:
    """Everything abnormal in one study. Zero or empty means absent; lengths in mm."""

    ctr: float  # true cardiothoracic ratio, before the view's magnification
    effusion_left: float = 0.0  # height of the fluid above the costophrenic angle
    effusion_right: float = 0.0
    pneumothorax_side: str = ""
    pneumothorax: float = 0.0  # distance from the chest wall to the lung edge
    consolidations: tuple[Consolidation, ...] = ()
    pneumonia: bool = False
    edema: float = 0.0  # 0 to 1
    atelectasis_side: str = ""
    atelectasis: float = 0.0  # rise of the diaphragm
    lesions: tuple[Lesion, ...] = ()
    fractures: tuple[Fracture, ...] = ()
    wide_mediastinum: float = 0.0  # added half width of the upper mediastinum
    thickening_side: str = ""
    thickening: float = 0.0
    devices: tuple[str, ...] = ()
    chest_tube_side: str = ""
    seed: str = ""  # for the random detail of the findings (edges, plates)


CARDIOMEGALY_CTR = 0.5


def sample_findings(
    patient_key: tuple[str | int, ...], study: int, view: str, age: int, healthy_ctr: float
) -> Findings:
    """Draw one study's findings: chronic ones from the patient's key, acute ones from the study's."""
    chronic = Draws(*patient_key, "chronic")
    d = Draws(*patient_key, study, "findings")
    old = 1.0 if age >= 60 else 0.0
    ill = chronic.chance(0.77)
    big_heart = chronic.chance(0.24 + 0.10 * old) and ill
    big_ctr = chronic.uniform(0.535, 0.68)
    wires = chronic.chance(0.05 + 0.05 * old) and ill
    pacemaker = chronic.chance(0.04 + 0.06 * old) and ill
    thick = chronic.chance(0.085) and ill
    thick_side, thick_mm = chronic.choice(("left", "right")), chronic.uniform(6.0, 14.0)
    lesion = chronic.chance(0.11) and ill
    lesion_n, lesion_seed = chronic.choice((1, 1, 1, 2, 3)), chronic.integer(0, 2**40)
    wide = chronic.chance(0.12) and ill
    wide_mm = chronic.uniform(13.0, 28.0)

    acute = ill and d.chance(0.90)
    edema = acute and d.chance(0.32 if big_heart else 0.17)
    edema_amount = d.uniform(0.35, 1.0)
    effusion = acute and d.chance(0.50 if edema else 0.30)
    effusion_side = d.choice(("left", "right", "both")) if not edema else d.choice(("both", "both", "right"))
    height_1, height_2 = d.uniform(24.0, 125.0), d.uniform(20.0, 90.0)
    consolidation = acute and d.chance(0.21)
    lobes = (d.choice(LOBES), d.choice(LOBES))
    spots = tuple(
        Consolidation(lobe, d.uniform(30.0, 54.0), d.uniform(0.65, 1.0))
        for lobe in (lobes if d.chance(0.3) and lobes[0] != lobes[1] else lobes[:1])
    )
    pneumonia = consolidation and d.chance(0.65)
    pneumothorax = acute and not edema and d.chance(0.18)
    pneumothorax_side, pneumothorax_mm = d.choice(("left", "right")), d.uniform(18.0, 62.0)
    atelectasis = acute and d.chance(0.23)
    atelectasis_side, atelectasis_mm = d.choice(("left", "right")), d.uniform(9.0, 30.0)
    fracture = acute and d.chance(0.09)
    breaks = tuple(
        Fracture(side, rib, d.uniform(0.20, 0.38), d.uniform(8.0, 14.0))
        for side, rib in [(d.choice(("left", "right")), d.integer(3, 6))]
        for rib in range(rib, rib + d.integer(1, 3))
    )
    critical = acute and view == "AP" and d.chance(0.45)
    tube, line, gastric = critical and d.chance(0.65), critical and d.chance(0.75), critical and d.chance(0.5)
    lone_line = acute and d.chance(0.07)
    drain = (pneumothorax and d.chance(0.45)) or (acute and effusion and d.chance(0.08))
    ctr = big_ctr + d.normal(0.0, 0.01) if big_heart else min(0.48, healthy_ctr + d.normal(0.0, 0.006))
    left = effusion and effusion_side in ("left", "both")
    right = effusion and effusion_side in ("right", "both")
    present = {
        "endotracheal tube": tube,
        "central line": line or lone_line,
        "pacemaker": pacemaker,
        "chest tube": drain,
        "sternal wires": wires,
        "nasogastric tube": gastric,
    }
    return Findings(
        ctr=max(0.52, ctr) if big_heart else ctr,
        effusion_left=height_1 if left else 0.0,
        effusion_right=(height_2 if left else height_1) if right else 0.0,
        pneumothorax_side=pneumothorax_side if pneumothorax else "",
        pneumothorax=pneumothorax_mm if pneumothorax else 0.0,
        consolidations=spots if consolidation else (),
        pneumonia=pneumonia,
        edema=edema_amount if edema else 0.0,
        atelectasis_side=atelectasis_side if atelectasis else "",
        atelectasis=atelectasis_mm if atelectasis else 0.0,
        lesions=_lesions(lesion_n, lesion_seed) if lesion else (),
        fractures=breaks if fracture else (),
        wide_mediastinum=wide_mm if wide else 0.0,
        thickening_side=thick_side if thick else "",
        thickening=thick_mm if thick else 0.0,
        devices=tuple(name for name in DEVICES if present[name]),
        chest_tube_side=(pneumothorax_side if pneumothorax else "right" if right else "left") if drain else "",
        seed="/".join(str(part) for part in (*patient_key, study)),
    )


def _lesions(n: int, seed: int) -> tuple[Lesion, ...]:
    d = Draws("lesions", seed)
    return tuple(
        Lesion(d.choice(("left", "right")), d.uniform(0.30, 0.80), d.uniform(0.22, 0.72), d.uniform(9.0, 23.0))
        for _ in range(n)
    )


def healthy(findings: Findings, ctr: float = 0.44) -> Findings:
    """The same study with nothing abnormal (for planted-effect tests)."""
    return replace(Findings(ctr=ctr), seed=findings.seed)


def labels_of(findings: Findings) -> dict[str, int]:
    """The 14 CheXpert labels (1 or 0, in CheXpert order) implied by the physical parameters.

    Lung Opacity covers consolidation, edema, atelectasis and lesions; No Finding ignores Support Devices.
    """
    f = findings
    found = {
        "Atelectasis": f.atelectasis > 0,
        "Cardiomegaly": f.ctr > CARDIOMEGALY_CTR,
        "Consolidation": bool(f.consolidations),
        "Edema": f.edema > 0,
        "Enlarged Cardiomediastinum": f.wide_mediastinum > 0,
        "Fracture": bool(f.fractures),
        "Lung Lesion": bool(f.lesions),
        "Pleural Effusion": max(f.effusion_left, f.effusion_right) > 0,
        "Pleural Other": f.thickening > 0,
        "Pneumonia": f.pneumonia,
        "Pneumothorax": f.pneumothorax > 0,
        "Support Devices": bool(f.devices),
    }
    found["Lung Opacity"] = any(found[k] for k in ("Consolidation", "Edema", "Atelectasis", "Lung Lesion"))
    found["No Finding"] = not any(v for k, v in found.items() if k != "Support Devices")
    return {name: int(found[name]) for name in CHEXPERT_LABELS}


def severities_of(findings: Findings) -> dict[str, float]:
    """The physical size of each finding, 0 where absent.

    Units: Cardiomegaly the cardiothoracic ratio (always given); Pleural Effusion the higher fluid level in mm;
    Pneumothorax, Pleural Other and Enlarged Cardiomediastinum a width in mm; Consolidation the largest radius
    times density in mm; Atelectasis the rise of the diaphragm in mm; Lung Lesion the largest radius in mm; Fracture
    the largest step in mm; Edema 0 to 1; Support Devices their number.
    """
    f = findings
    return {
        "Atelectasis": f.atelectasis,
        "Cardiomegaly": f.ctr,
        "Consolidation": max((c.radius * c.density for c in f.consolidations), default=0.0),
        "Edema": f.edema,
        "Enlarged Cardiomediastinum": f.wide_mediastinum,
        "Fracture": max((x.step for x in f.fractures), default=0.0),
        "Lung Lesion": max((x.radius for x in f.lesions), default=0.0),
        "Pleural Effusion": max(f.effusion_left, f.effusion_right),
        "Pleural Other": f.thickening,
        "Pneumothorax": f.pneumothorax,
        "Support Devices": float(len(f.devices)),
    }
