"""What each source is, what it needs, and where that is to be had. No loader is imported here."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class SourceInfo:
    """One data set as `data-splits list` shows it.

    Attributes:
        name: as written in `--split NAME[:PATH]`.
        summary: one line.
        licence: short licence name and attribution.
        credentialed: images and prompts never leave the machine.
        needs: the files a user has to have, empty where nothing is needed.
        obtain: where they are to be had: names of pages, nothing is fetched from here.
        loader: "module:function" of the loader `(path, **options) -> Split`.
        example: a `--split` value.
        fallback: the split that works without any data.
        takes_path: True if a path may be given although none is needed.
    """

    name: str
    summary: str
    licence: str
    credentialed: bool
    needs: str
    obtain: str
    loader: str
    example: str
    fallback: str = "phantom"
    takes_path: bool = False

    @property
    def variable(self) -> str:
        """The environment variable that holds the path where the command line does not."""
        return "DATA_SPLITS_" + self.name.upper().replace("-", "_")

    @property
    def configured(self) -> Path | None:
        """The path in the environment variable, or None."""
        value = os.environ.get(self.variable, "").strip()
        return Path(value).expanduser() if value else None

    def missing(self, what: str) -> str:
        """The few lines that tell a user what is missing, how to get it and what works right now."""
        return (
            f"Split {self.name}: {what}\n"
            f"  needs: {self.needs}\n"
            f"  get it: {self.obtain}\n"
            f"  point to it: --split {self.example}  (or set {self.variable})\n"
            f"  works right now, without any data: --split {self.fallback}"
        )


NIH_LICENCE = (
    "NIH ChestX-ray14: free use with attribution. Download site: https://nihcc.app.box.com/v/ChestXray-NIHCC. "
    "Wang et al., ChestX-ray8, IEEE CVPR 2017, DOI 10.1109/CVPR.2017.369. "
    "The NIH Clinical Center is the data provider."
)
MIMIC_LICENCE = (
    "PhysioNet Credentialed Health Data License 1.5.0: MIMIC-CXR-JPG (Johnson et al., DOI 10.13026/8360-t248) and "
    "LLaVA-Rad MIMIC-CXR Annotations (Zambrano Chaves et al., DOI 10.13026/4ma4-k740)."
)
IU_LICENCE = (
    "Open-i Indiana University chest X-rays: Demner-Fushman et al., Preparing a collection of radiology examinations "
    "for distribution and retrieval, JAMIA 2016, DOI 10.1093/jamia/ocv080. See Open-i for the terms of use."
)

MIRB_LICENCE = (
    "MIRB (arXiv 2406.12742): its data card says MIT; the images come from COCO, ImageNet-R, Pixabay, OpenFoodFacts, "
    "arXiv, Matplotlib, VASR and picsum/Unsplash and keep the terms of their sources. Never redistribute it."
)

SOURCES: tuple[SourceInfo, ...] = (
    SourceInfo(
        "phantom",
        "procedural digital chest phantoms with a known truth; embedded, nothing to download",
        "Apache-2.0 (made by this program)",
        False,
        "",
        "",
        "data_splits.sources.phantom:load",
        "phantom",
    ),
    SourceInfo(
        "folder",
        "any CSV of images, prompts, labels and patients",
        "that of the folder: its ATTRIBUTION.md, or the option licence=...",
        False,
        "a CSV with a column `image` (and `prompt`, `patient_id`, `split`, label columns), and the image files",
        "your own data",
        "data_splits.sources.folder:load",
        "folder:/path/to/cases.csv",
    ),
    SourceInfo(
        "mimic-cxr",
        "MIMIC-CXR with the LLaVA-Rad annotations: the data of the published benchmark",
        MIMIC_LICENCE,
        True,
        "a MIMIC-CXR-JPG or MIMIC-CXR (DICOM) root with files/p10/..., and the LLaVA-Rad annotation files "
        "(CSV or JSON) in it or in the option annotations=FOLDER",
        "PhysioNet, pages 'MIMIC-CXR-JPG' 2.0.0 or later and 'LLaVA-Rad MIMIC-CXR Annotations' 1.0.0 "
        "(credentialed access, training and agreement needed)",
        "data_splits.sources.mimic_cxr:load",
        "mimic-cxr:/path/to/mimic-cxr-jpg",
    ),
    SourceInfo(
        "nih-chestxray14",
        "NIH ChestX-ray14 with its official patient-level lists",
        NIH_LICENCE,
        False,
        "a folder with Data_Entry_2017.csv (or _v2020), train_val_list.txt, test_list.txt and the PNG files "
        "(images_001/images/... or images/...)",
        "the NIH Clinical Center's box folder 'ChestXray-NIHCC' (free, no account)",
        "data_splits.sources.nih_chestxray14:load",
        "nih-chestxray14:/path/to/ChestXray14",
    ),
    SourceInfo(
        "iu-xray",
        "Indiana University chest X-rays (Open-i) with their real reports",
        IU_LICENCE,
        False,
        "a folder with the XML reports (ecgen-radiology/*.xml), the PNG files and, to know the frontal images, "
        "indiana_projections.csv (or the option frontal=symmetry)",
        "Open-i of the National Library of Medicine, 'Chest X-ray images and reports' (NLMCXR_reports, NLMCXR_png; "
        "free, no account)",
        "data_splits.sources.iu_xray:load",
        "iu-xray:/path/to/openi",
    ),
)

QUESTION_SOURCES: tuple[SourceInfo, ...] = (
    SourceInfo(
        "mirb-procedural",
        "generated questions for MIRB's eleven tasks, with exact gold; embedded, nothing to download",
        "Apache-2.0 (made by this program)",
        False,
        "",
        "",
        "data_splits.sources.mirb_procedural:load",
        "mirb-procedural",
        fallback="mirb-procedural",
        takes_path=True,
    ),
    SourceInfo(
        "mirb",
        "MIRB, the published benchmark of questions about several images, from your own copy",
        MIRB_LICENCE,
        False,
        "a folder with MIRB's JSON files (count.json, food.json, ...) and the unzipped images/, or its parquet files",
        "the data sets 'VLLMs/MIRB' (JSON files and images.zip) or 'VLLMs/MIRB-hf' (parquet) of the Hugging Face hub",
        "data_splits.sources.mirb:load",
        "mirb:/path/to/MIR",
        fallback="mirb-procedural",
    ),
)
"""Splits of questions about several images; `load_questions` loads them."""
