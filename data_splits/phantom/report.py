"""The findings section of a phantom study, from a small grammar: it is the prompt a generator is asked with.

Every positive finding is always named; negatives fill up, only while the text stays within MAX_WORDS words.
"""

from __future__ import annotations

from data_splits.phantom.draws import Draws
from data_splits.phantom.findings import Findings

MAX_WORDS = 42

EFFUSION = (
    "{size} {side} pleural effusion",
    "{side} pleural effusion, {size}",
    "there is a {size} {side} pleural effusion",
)
PNEUMOTHORAX = ("{size} {side} pneumothorax", "there is a {size} {side} pneumothorax", "{side} pneumothorax, {size}")
CONSOLIDATION = ("{place} consolidation", "consolidation in the {place}", "{size} {place} consolidation")
PNEUMONIA = (
    "{place} consolidation, pneumonia",
    "{place} pneumonia with consolidation",
    "consolidation of the {place}, pneumonia",
)
EDEMA = ("{degree} pulmonary edema", "there is {degree} pulmonary edema", "{degree} edema with vascular congestion")
CARDIOMEGALY = (
    "{degree} cardiomegaly",
    "the heart is {degree} enlarged, cardiomegaly",
    "there is {degree} cardiomegaly",
)
ATELECTASIS = ("{side} basilar atelectasis", "{degree} {side} atelectasis", "plate atelectasis at the {side} base")
LESION = ("{side} lung nodule", "{size} nodule in the {side} lung", "there is a {size} {side} lung nodule")
LESIONS = ("multiple lung nodules", "several nodules in the lungs")
FRACTURE = ("displaced {side} rib fracture", "fracture of a {side} rib", "{side} rib fracture")
WIDE = ("widened mediastinum", "enlarged cardiomediastinum", "the mediastinum is {degree} widened")
THICKENING = ("{side} pleural thickening", "pleural thickening on the {side}")
NORMAL = (
    "no acute findings",
    "normal chest",
    "lungs are clear, heart size is normal",
    "no acute cardiopulmonary findings",
    "clear lungs and normal heart",
)
NEGATIVES = (
    ("Cardiomegaly", ("heart size is normal", "normal heart size")),
    ("Pleural Effusion", ("no pleural effusion", "no effusion")),
    ("Pneumothorax", ("no pneumothorax", "there is no pneumothorax")),
    ("Consolidation", ("no consolidation", "no focal consolidation")),
    ("Edema", ("no edema", "no pulmonary edema")),
    ("Fracture", ("no fracture", "bones are intact")),
)


def size_word(value: float, moderate: float, large: float) -> str:
    """small, moderate or large."""
    return "large" if value >= large else "moderate" if value >= moderate else "small"


def degree_word(value: float, moderate: float, severe: float) -> str:
    """mild, moderate or severe."""
    return "severe" if value >= severe else "moderate" if value >= moderate else "mild"


def place_words(lobe: str) -> str:
    """A lobe as it is written in a report."""
    return lobe if lobe == "lingula" else f"{lobe} lobe"


def write_report(d: Draws, view: str, sex: str, age: int, found: Findings) -> str:
    """Findings-style text of one study, lower case but for sentence starts; the draws pick among wordings."""
    opening = _opening(d, view, sex, age)
    positive = _positives(d, found)
    if not positive:
        positive = [d.choice(NORMAL)]
    devices = _devices(d, found)
    sentences = [opening, *positive, *devices]
    absent = [words for name, words in NEGATIVES if not _present(found, name)]
    skip = d.integer(0, len(absent)) if absent else 0
    for words in (absent[skip:] + absent[:skip])[: d.integer(0, 2)]:
        extra = d.choice(words)
        if _count([*sentences, extra]) <= MAX_WORDS:
            sentences.append(extra)
    return " ".join(s[0].upper() + s[1:] + "." for s in sentences)


def _count(sentences: list[str]) -> int:
    return sum(len(s.split()) for s in sentences)


def _opening(d: Draws, view: str, sex: str, age: int) -> str:
    noun = {"M": "man", "F": "woman"}[sex]
    adjective = {"M": "male", "F": "female"}[sex]
    return d.choice(
        (
            f"{view} chest radiograph of a {age} year old {noun}",
            f"{view} view, {age} year old {adjective}",
            f"frontal {view} radiograph, {adjective}, {age} years",
            f"{view} radiograph of a {noun} aged {age}",
        )
    )


def _present(f: Findings, name: str) -> bool:
    return {
        "Cardiomegaly": f.ctr > 0.5,
        "Pleural Effusion": max(f.effusion_left, f.effusion_right) > 0,
        "Pneumothorax": f.pneumothorax > 0,
        "Consolidation": bool(f.consolidations),
        "Edema": f.edema > 0,
        "Fracture": bool(f.fractures),
    }[name]


def _positives(d: Draws, f: Findings) -> list[str]:
    said: list[str] = []
    if f.ctr > 0.5:
        degree = degree_word(f.ctr, 0.57, 0.63)
        wording = d.choice(CARDIOMEGALY)
        adverb = {"mild": "mildly", "moderate": "moderately", "severe": "severely"}[degree]
        said.append(wording.format(degree=adverb if "enlarged" in wording else degree))
    if f.wide_mediastinum:
        said.append(d.choice(WIDE).format(degree="mildly" if f.wide_mediastinum < 20 else "markedly"))
    if f.edema:
        said.append(d.choice(EDEMA).format(degree=degree_word(f.edema, 0.55, 0.8)))
    if f.effusion_left or f.effusion_right:
        said.append(_effusion(d, f))
    if f.pneumothorax:
        said.append(d.choice(PNEUMOTHORAX).format(size=size_word(f.pneumothorax, 30, 46), side=f.pneumothorax_side))
    for spot in f.consolidations:
        words = d.choice(PNEUMONIA if f.pneumonia else CONSOLIDATION)
        said.append(words.format(place=place_words(spot.lobe), size=size_word(spot.radius, 38, 46)))
    if f.atelectasis:
        degree = degree_word(f.atelectasis, 16, 24)
        said.append(d.choice(ATELECTASIS).format(side=f.atelectasis_side, degree=degree))
    if len(f.lesions) > 1:
        said.append(d.choice(LESIONS))
    elif f.lesions:
        lesion = f.lesions[0]
        said.append(d.choice(LESION).format(side=lesion.side, size=size_word(lesion.radius, 12, 17)))
    if f.thickening:
        said.append(d.choice(THICKENING).format(side=f.thickening_side))
    if f.fractures:
        said.append(d.choice(FRACTURE).format(side=f.fractures[0].side))
    return said


def _effusion(d: Draws, f: Findings) -> str:
    if f.effusion_left and f.effusion_right:
        size = size_word(max(f.effusion_left, f.effusion_right), 50, 90)
        return d.choice(("{size} bilateral pleural effusions", "bilateral pleural effusions, {size}")).format(size=size)
    side = "left" if f.effusion_left else "right"
    return d.choice(EFFUSION).format(size=size_word(max(f.effusion_left, f.effusion_right), 50, 90), side=side)


def _devices(d: Draws, f: Findings) -> list[str]:
    if not f.devices:
        return []
    names = [f"{f.chest_tube_side} chest tube" if name == "chest tube" else name for name in f.devices]
    listed = names[0] if len(names) == 1 else ", ".join(names[:-1]) + " and " + names[-1]
    return [d.choice(("{} in place", "{} present", "support devices: {}")).format(listed)]
