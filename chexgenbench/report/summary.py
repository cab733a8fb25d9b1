"""The top of the page and its main table: headline cards, every overall number, and the extras of each."""

from __future__ import annotations

from dataclasses import dataclass

from chexgenbench.report.view import MetricInfo, RecordView
from leaderboards.records.schema import MetricResult
from leaderboards.reporting.forest import Estimated
from leaderboards.reporting.numbers import ARROWS, DIRECTIONS, count, interval_text, value_text
from leaderboards.reporting.strip import strip
from leaderboards.reporting.svg import Figure

FAMILIES = {
    "fidelity": "Fidelity and diversity",
    "alignment": "Alignment with the prompt",
    "privacy": "Privacy",
    "memorisation": "Memorisation",
    "utility": "Utility",
}
EXTRA_NAMES = {
    "bias_corrected": "bias-corrected (jackknife)",
    "infinity": "extrapolated to infinite n",
    "effective_generated": "independent generated images that n is worth",
    "effective_reference": "independent real images that n is worth",
    "uncentred": "with plain cosine similarities, not centred",
    "gap": "train less test likelihood; far below 0 means copying",
    "image_level": "over single images instead of patients",
    "statistic": "test statistic",
    "tstr": "trained on synthetic images",
    "trtr": "trained on the real images of the same cases",
    "mixed": "half of the cases' real images replaced",
    "augmented": "real and synthetic images together",
    "tstr_minus_trtr": "synthetic less real",
    "mixed_minus_trtr": "mixed less real",
    "augmented_minus_trtr": "augmented less real: what synthetic images add",
    "labels": "labels that could be scored",
    "trainings": "trainings (seeds)",
    "seed_sd": "standard deviation over trainings",
    "if_calibrated": "what chance shows of a calibrated classifier",
    "trtr_gap": "the same of the classifier trained on real images",
}
NOT_FOR_READERS = frozenset({"clusters", "effective_units"})


@dataclass(frozen=True, slots=True)
class Shown:
    """A number as text; `corrected` is the bias-corrected value where the interval belongs to that one."""

    value: str
    interval: str
    corrected: str = ""

    @classmethod
    def of(cls, result: MetricResult | None) -> Shown | None:
        """Text of a result; None where it has no value."""
        if result is None or result.value is None:
            return None
        value = value_text(result.value, result.low, result.high, result.se)
        centre = corrected(result)
        centred = "" if centre is None else value_text(centre, result.low, result.high)
        return cls(value, interval_text(result.value, result.low, result.high), centred)

    @classmethod
    def number(cls, value: float | None, low: float | None, high: float | None) -> Shown | None:
        """Text of a number that is not a result of its own."""
        return None if value is None else cls(value_text(value, low, high), interval_text(value, low, high))


@dataclass(frozen=True, slots=True)
class Card:
    """A headline number."""

    title: str
    arrow: str
    direction: str
    shown: Shown | None
    floor: Shown | None
    picture: Figure | None
    reason: str
    interval_reason: str


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the main table; `note` is the number of the footnote that says why there is no interval."""

    info: MetricInfo
    title: str
    arrow: str
    direction: str
    shown: Shown | None
    floor: Shown | None
    images: str
    patients: str
    reason: str
    note: int | None
    sort: str


@dataclass(frozen=True, slots=True)
class Family:
    """Lines of one family."""

    title: str
    rows: tuple[Row, ...]


def cards(view: RecordView) -> list[Card]:
    """One card for each headline metric of the protocol."""
    return [_card(view, info, index) for index, info in enumerate(view.headline)]


def families(view: RecordView) -> tuple[list[Family], list[str]]:
    """The main table by family, and its footnotes."""
    notes: list[str] = []
    grouped: dict[str, list[Row]] = {}
    for info in view.metrics:
        grouped.setdefault(info.family, []).append(_row(view, info, notes))
    return [Family(FAMILIES[name], tuple(rows)) for name, rows in grouped.items()], notes


def extras(view: RecordView) -> list[tuple[str, list[tuple[str, str]]]]:
    """(metric, its further numbers as (what, number)) of each overall estimate, with their intervals."""
    found = []
    for info in view.metrics:
        result = view.defined(info.name)
        numbers = result.extra if result is not None else {}
        ends = {f"{key}{end}" for key in numbers for end in ("_low", "_high")}
        rows = []
        for key in sorted(set(numbers) - NOT_FOR_READERS - ends):
            low, high = numbers.get(f"{key}_low"), numbers.get(f"{key}_high")
            text = count(int(numbers[key])) if _is_count(numbers[key]) else value_text(numbers[key], low, high)
            if low is not None and high is not None:
                text += f" ({interval_text(numbers[key], low, high)})"
            rows.append((EXTRA_NAMES.get(key, key.replace("_", " ")), text))
        if rows:
            found.append((view.title(info), rows))
    return found


def _is_count(value: float) -> bool:
    return value > 1 and float(value).is_integer() and value < 1e9


def estimated(result: MetricResult | None) -> Estimated | None:
    """A result as a figure draws it."""
    if result is None or result.value is None:
        return None
    return Estimated(result.value, result.low, result.high, corrected(result))


def corrected(result: MetricResult) -> float | None:
    """The bias-corrected value that the interval is built around, for estimators that have one (Frechet distance)."""
    return None if result.low is None else result.extra.get("bias_corrected")


def _card(view: RecordView, info: MetricInfo, index: int) -> Card:
    result, floor = view.get(info.name), view.defined(info.name, variant="floor")
    main = estimated(result)
    picture = None
    if main is not None:
        picture = strip(f"card-{index}", view.title(info), main, estimated(floor), info.direction)
    return Card(
        title=view.title(info),
        arrow=ARROWS[info.direction],
        direction=DIRECTIONS[info.direction],
        shown=Shown.of(result),
        floor=Shown.of(floor),
        picture=picture,
        reason=(result.reason or "") if result is not None else "not computed",
        interval_reason=(result.interval_reason or "") if result is not None else "",
    )


def _row(view: RecordView, info: MetricInfo, notes: list[str]) -> Row:
    result = view.get(info.name)
    note = None
    if result is not None and result.value is not None and result.low is None and result.interval_reason:
        if result.interval_reason not in notes:
            notes.append(result.interval_reason)
        note = notes.index(result.interval_reason) + 1
    return Row(
        info=info,
        title=info.display,
        arrow=ARROWS[info.direction],
        direction=DIRECTIONS[info.direction],
        shown=Shown.of(result),
        floor=Shown.of(view.get(info.name, variant="floor")),
        images=f"{count(result.n_generated)} / {count(result.n_reference)}" if result is not None else "",
        patients=count(result.n_patients) if result is not None else "",
        reason=(result.reason or "") if result is not None else "not computed",
        note=note,
        sort="" if result is None or result.value is None else repr(result.value),
    )
