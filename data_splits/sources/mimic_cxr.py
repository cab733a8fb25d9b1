"""MIMIC-CXR as the published benchmark uses it, from the user's own credentialed copy.

Rules (chexgenbench references 1.1; [I] marks what is inferred, not read in official code):
- train and test are the rows of the LLaVA-Rad annotation files, official patient split; frontal views only [I];
- the prompt is `annotated_prompt`, the findings text;
- fidelity is scored on the unique prompts of test, the first row of each in file order;
- privacy: 2,000 of the unique prompts of train, pandas `sample(n=2000, random_state=42)` over the first row of each
  prompt in file order [I: the order];
- utility: 20,000 training rows made by gpt4 without an uncertain (-1) label. Which 20,000 is known only from the file
  `training_data_20K.csv`: with it the selection is exact, without it `sample(n=20000, random_state=42)` is drawn [I].
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from data_splits.case import Case
from data_splits.errors import UserError
from data_splits.sources import mimic_published as published
from data_splits.sources.catalogue import SourceInfo
from data_splits.sources.files import ImageFiles, missing_files
from data_splits.sources.mimic_annotations import Annotation, Annotations, image_ids, read_annotations
from data_splits.sources.registry import describe
from data_splits.sources.tables import refuse
from data_splits.split import Split

VERSION = "1"
PREFIXES = ("files/", "", "mimic/", "physionet.org/files/mimic-cxr-jpg/2.0.0/files/",
            "physionet.org/files/mimic-cxr-jpg/2.1.0/files/", "physionet.org/files/mimic-cxr/2.0.0/files/",
            "physionet.org/files/mimic-cxr/2.1.0/files/")  # fmt: skip
ENDINGS = (".jpg", ".dcm", ".png")
UNIQUE, PRIVACY, UTILITY = "test-unique-prompts", "privacy-2000", "utility-20k"
CHECKS = ("test", "all", "none")


def load(
    path: Path,
    *,
    annotations: str = "",
    train: str = "",
    test: str = "",
    prompt: str = "annotated_prompt",
    check: str = "test",
) -> Split:
    """The benchmark's split of MIMIC-CXR, marked credentialed.

    Args:
        path: root of MIMIC-CXR-JPG or of MIMIC-CXR (DICOM): the folder that holds files/p10/... or p10/...
        annotations: folder of the annotation files; the root where empty.
        train, test: annotation files by name, where the folder holds several. Train may be absent (with a warning).
        prompt: column that holds the prompt ("impression", "findings", ... are other published choices).
        check: which image files have to exist when the split is loaded: those of "test", "all" or "none". An image
            that is missing or broken is an error in any case when it is read; `data-splits verify` reads them all.

    Raises:
        UserError: files, columns or images are missing or wrong; counts, row numbers and image paths are named,
            texts never.
    """
    if check not in CHECKS:
        raise UserError(f"Option check of split mimic-cxr is one of {', '.join(CHECKS)}, not {check!r}.")
    info = describe("mimic-cxr")
    folder = Path(annotations).expanduser() if annotations else path
    if not folder.is_dir():
        raise UserError(info.missing(f"the annotation folder {folder} does not exist."))
    files = {part: _annotation_file(folder, part, name) for part, name in (("train", train), ("test", test))}
    if files["test"] is None:
        raise UserError(info.missing(f"no test annotations (such as LLAVARAD_ANNOTATIONS_TEST.csv) in {folder}."))
    parts: dict[str, Annotations] = {}
    for part, file in files.items():
        if file is not None:
            # The JSON files hold rule-based rows beside those of gpt4; the benchmark's training rows are gpt4's [I].
            method = "gpt4" if part == "train" and file.suffix.lower() == ".json" else None
            parts[part] = read_annotations(file, prompt, method)
    prefix, ending = _layout(path, parts["test"].pairs, info)
    named = {part: _with_ids(found.pairs, files[part]) for part, found in parts.items()}
    subsets = {part: _cases(pairs, prefix, ending) for part, pairs in named.items()}
    selections, notes = _selections(named, folder)
    for part in {"test": ("test",), "all": tuple(subsets), "none": ()}[check]:
        refuse(
            path, f"image file(s) of {part} missing", missing_files(path, (case.image or "" for case in subsets[part]))
        )
    images = ImageFiles(path)
    return Split(
        name=info.name,
        version=VERSION,
        licence=info.licence,
        credentialed=True,
        subsets=subsets,
        read_image=images.read,
        options={"prompt": prompt},
        warnings=(*_warnings(parts), *notes),
        selections=selections,
        evaluation=UNIQUE,
        locate=images.locate,
    )


def _annotation_file(folder: Path, part: str, name: str) -> Path | None:
    if name:
        path = folder / name
        if not path.is_file():
            raise UserError(f"The annotation file {path} (option {part}) does not exist.")
        return path
    files = [file for file in sorted(folder.iterdir()) if file.suffix.lower() in (".csv", ".json")]
    named = [file for file in files if part in file.stem.lower() and "20k" not in file.stem.lower()]
    best = [file for file in named if "annotation" in file.stem.lower() or file.stem.lower().startswith("chat_")]
    found = best or named
    if len(found) > 1:
        listed = ", ".join(file.name for file in found[:5])
        raise UserError(f"{folder} holds several {part} annotation files ({listed}). Name one: option {part}=FILE.")
    return found[0] if found else None


def _layout(root: Path, pairs: Sequence[Annotation], info: SourceInfo) -> tuple[str, str]:
    """The folder prefix and file ending under which this copy keeps its images."""
    probe = [pairs[number].place for number in range(0, len(pairs), max(1, len(pairs) // 50))]
    found = Counter(
        {
            (prefix, ending): sum((root / f"{prefix}{place}{ending}").is_file() for place in probe)
            for prefix in PREFIXES
            for ending in ENDINGS
        }
    )
    layout, count = found.most_common(1)[0]
    if not count:
        raise UserError(info.missing(f"no image of the annotations lies in {root}, for example files/{probe[0]}.jpg."))
    return layout


def _with_ids(pairs: Sequence[Annotation], file: Path | None) -> dict[str, Annotation]:
    """Case id -> pair in file order. An image that two extraction methods annotated is told apart by the method."""
    times = Counter(pair.dicom for pair in pairs)
    ids = [pair.dicom if times[pair.dicom] == 1 else f"{pair.dicom}.{pair.method or 'row'}" for pair in pairs]
    again = [f"{key}: {count} rows" for key, count in Counter(ids).items() if count > 1]
    refuse(file or "annotations", "duplicate image id(s); ids must be unique", again)
    return dict(zip(ids, pairs, strict=True))


def _cases(pairs: dict[str, Annotation], prefix: str, ending: str) -> tuple[Case, ...]:
    return tuple(
        Case(
            id=key,
            patient=pair.subject,
            image=f"{prefix}{pair.place}{ending}",
            prompt=pair.prompt,
            labels=pair.labels,
            view=pair.view,
            study=pair.study,
        )
        for key, pair in sorted(pairs.items())
    )


def _selections(named: dict[str, dict[str, Annotation]], folder: Path) -> tuple[dict[str, tuple[str, ...]], list[str]]:
    selections = {UNIQUE: tuple(sorted(_first_of_each_prompt(named["test"])))}
    if "train" not in named:
        return selections, ["no training annotations: the privacy and utility selections are missing"]
    train = named["train"]
    unique = _first_of_each_prompt(train)
    selections[PRIVACY] = _sample(unique, published.PRIVACY_PROMPTS)
    notes = []
    if len(unique) < published.PRIVACY_PROMPTS:
        notes.append(f"privacy: {len(unique):,} unique training prompts, {published.PRIVACY_PROMPTS:,} are asked for")
    file = next((file for file in sorted(folder.glob("*.csv")) if "20k" in file.stem.lower()), None)
    if file is not None:
        by_image = {pair.dicom: key for key, pair in train.items()}
        listed = image_ids(file)
        strange = [name for name in listed if name not in by_image]
        refuse(file, "row(s) that are not in the training annotations", strange)
        selections[UTILITY] = tuple(sorted({by_image[name] for name in listed}))
        chosen = [train[key] for key in selections[UTILITY]]
        return selections, notes + published.differences("utility", published.counts(chosen), published.UTILITY)
    allowed = [key for key, pair in train.items() if pair.method in ("gpt4", "") and -1 not in pair.labels.values()]
    selections[UTILITY] = _sample(allowed, published.UTILITY_ROWS)
    notes.append(
        "utility: rows drawn by an inferred rule; with training_data_20K.csv among the annotations it is exact"
    )
    return selections, notes


def _first_of_each_prompt(pairs: dict[str, Annotation]) -> list[str]:
    first: dict[str, str] = {}
    for key, pair in pairs.items():
        first.setdefault(pair.prompt, key)
    return list(first.values())


def _sample(ids: Sequence[str], count: int) -> tuple[str, ...]:
    if len(ids) <= count:
        return tuple(sorted(ids))
    import pandas as pd

    return tuple(sorted(pd.Series(list(ids)).sample(n=count, random_state=published.RANDOM_STATE)))


def _warnings(parts: dict[str, Annotations]) -> list[str]:
    figures = {"train": published.TRAIN, "test": published.TEST}
    lines = []
    for part, found in parts.items():
        lines += published.differences(part, published.counts(found.pairs), figures[part])
        lines += [f"{part}: {count:,} rows left out ({reason})" for reason, count in sorted(found.dropped.items())]
    return lines
