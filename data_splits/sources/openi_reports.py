"""The XML reports of Open-i's Indiana University collection, and its MeSH coding as CheXpert labels.

Demner-Fushman et al., JAMIA 2016, DOI 10.1093/jamia/ocv080. Every report was coded by hand ("major" terms): what is
not coded counts as absent, "normal" as No Finding, "No Indexing" as unknown throughout.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from xml.etree import ElementTree

from data_splits.case import CHEXPERT_LABELS
from data_splits.errors import UserError

MESH_TO_CHEXPERT: tuple[tuple[str, str], ...] = (
    (r"normal$", "No Finding"),
    (r"(pulmonary )?atelectasis\b", "Atelectasis"),
    (r"cardiomegaly\b", "Cardiomegaly"),
    (r"cardiac shadow/(.*/)?enlarged\b", "Cardiomegaly"),
    (r"consolidation\b", "Consolidation"),
    (r"pulmonary edema\b", "Edema"),
    (r"pulmonary congestion\b", "Edema"),
    (r"mediastinum/(.*/)?(enlarged|prominent)\b", "Enlarged Cardiomediastinum"),
    (r"fractures?, bone\b", "Fracture"),
    (r"(nodule|mass|granuloma|calcified granuloma)\b(?!.*\b(breast|neck)\b)", "Lung Lesion"),
    (r"(opacity|infiltrate|airspace disease|density)\b.*", "Lung Opacity"),
    (r"(consolidation|pneumonia|pulmonary edema)\b", "Lung Opacity"),
    (r"pleural effusion\b", "Pleural Effusion"),
    (r"costophrenic angle/(.*/)?blunted\b", "Pleural Effusion"),
    (r"thickening/(.*/)?pleura\b", "Pleural Other"),
    (r"pneumonia\b", "Pneumonia"),
    (r"(hydro)?pneumothorax\b", "Pneumothorax"),
    (r"(medical device|implanted medical device|catheters?, indwelling|surgical instruments|stents|sutures)\b",
     "Support Devices"),
    (r"(tube, inserted|foreign bodies)\b", "Support Devices"),
)  # fmt: skip
"""Pattern on a whole major term in lower case ("opacity/lung/base/left") -> label. A choice of this project: the
collection names no CheXpert label, and a nodule of the neck or breast is not one of the lung."""

_RULES = tuple((re.compile(pattern), label) for pattern, label in MESH_TO_CHEXPERT)


@dataclass(frozen=True)
class Report:
    """One report. `images` are the ids of its images, in the order listed (no ending)."""

    uid: str
    images: tuple[str, ...]
    findings: str
    impression: str
    major: tuple[str, ...]


def read_report(path: Path) -> Report:
    """Parse one XML report.

    Raises:
        UserError: it is not well-formed XML, or declares entities (nothing of the collection does).
    """
    try:
        data = path.read_bytes()
        if b"<!ENTITY" in data or b"<!DOCTYPE" in data:
            raise UserError(f"{path} declares a document type or entities; it is not an Open-i report.")
        root = ElementTree.fromstring(data)
    except (ElementTree.ParseError, OSError) as error:
        raise UserError(f"{path} is not a readable XML report ({error}).") from None
    uid_element = root.find("uId")
    uid = uid_element.get("id", "") if uid_element is not None else ""
    sections = {
        (element.get("Label") or "").strip().upper(): " ".join((element.text or "").split())
        for element in root.iter("AbstractText")
    }
    images = tuple(element.get("id", "").strip() for element in root.iter("parentImage") if element.get("id"))
    major = tuple(
        (element.text or "").strip() for element in root.findall("./MeSH/major") if (element.text or "").strip()
    )
    return Report(
        uid=uid.removeprefix("CXR") or path.stem,
        images=images,
        findings=sections.get("FINDINGS", ""),
        impression=sections.get("IMPRESSION", ""),
        major=major,
    )


def mesh_labels(major: Sequence[str]) -> Mapping[str, int]:
    """CheXpert labels, 1 or 0, of a report's major terms; empty where the report was not coded."""
    terms = [term.lower() for term in major]
    if not terms or any(term.startswith("no indexing") for term in terms):
        return MappingProxyType({})
    present = {label for term in terms for rule, label in _RULES if rule.match(term)}
    return MappingProxyType({name: int(name in present) for name in CHEXPERT_LABELS})
