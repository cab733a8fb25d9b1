"""What a report writer must do for utility numbers to mean anything, checked on a few images with made-up reports."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from model_adapters.check import Check, other_random_state
from model_adapters.protocols import Image
from model_adapters.report_writers.base import ReportWriter

DARK, PLAIN = "Large dark shadow over the whole image.", "The lungs are clear."
"""The two reports it learns from: whether the image was darkened, so that a glance at the brightness gives it away."""


def check_report_writer(build: Callable[[], ReportWriter], images: Sequence[Image]) -> list[Check]:
    """One text an image, determinism, independence of the company, that a fit starts anew, images left alone.

    Whether it tells the two reports apart is a fact that is told, not a fault: a network learns that in more than a few
    steps.

    Args:
        build: makes the writer, untrained. images: at least 4 of them.
    """
    writer, n = build(), len(images)
    dark = [row % 2 == 0 for row in range(n)]
    shown = [image // 4 if each else image for image, each in zip(images, dark, strict=True)]
    before = [image.copy() for image in shown]
    reports = [DARK if each else PLAIN for each in dark]
    patients = np.array([f"p{row}" for row in range(n)])
    checks = [_card(writer), _refuses(writer, shown[:1])]
    writer.fit(shown, reports, patients, 7)
    written = writer.write(shown)
    sound = len(written) == n and all(isinstance(each, str) for each in written)
    checks.append(Check("one text an image", sound, f"{len(written)} for {n}"))
    if not sound:
        return checks
    untouched = all(np.array_equal(one, other) for one, other in zip(before, shown, strict=True))
    checks.append(Check("images are left alone", untouched, "compared before and after"))
    with other_random_state():
        again = writer.write(shown)
    checks.append(Check("the same image gives the same text", again == written, "written twice"))
    alone = [writer.write([image])[0] for image in shown[:4]]
    company = alone == written[:4] and writer.write(shown[::-1])[::-1] == written
    checks.append(Check("a text does not depend on its company", company, "alone, and in the other order"))
    right = sum(one == other for one, other in zip(written, reports, strict=True))
    checks.append(Check("it gives back what it learned from", True if right == n else None, f"{right} of {n} reports"))
    other = build()
    with other_random_state():
        other.fit(shown[::-1], ["Other words."] * n, patients, 8)
        other.fit(shown, reports, patients, 7)
    same = other.write(shown) == written
    checks.append(Check("a fit starts anew, whatever was fitted before", same, "fitted on other reports before"))
    return checks


def _card(writer: ReportWriter) -> Check:
    card, print_ = writer.card, writer.fingerprint
    hexadecimal = len(print_) == 64 and set(print_) <= set("0123456789abcdef")
    told = f"{card.name}: {card.kind}, {card.licence}; {print_[:12]}"
    return Check(
        "it has a model card of its kind and a sha256 fingerprint", card.kind == "predictor" and hexadecimal, told
    )


def _refuses(writer: ReportWriter, images: Sequence[Image]) -> Check:
    from data_splits.errors import UserError

    name = "untrained, it says so"
    try:
        writer.write(images)
    except UserError as error:
        return Check(name, True, str(error).splitlines()[0])
    except Exception as error:
        return Check(name, False, f"{type(error).__name__} instead of a UserError")
    return Check(name, False, "it wrote something")
