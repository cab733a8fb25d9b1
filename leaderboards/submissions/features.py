"""Could these features come from this encoder? Size, sign, length and scale beside those of real images."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from leaderboards.library.entry import Entry
from leaderboards.records.schema import EncoderFingerprint
from leaderboards.submissions.findings import Finding, error, shown, warning
from leaderboards.submissions.form import Submitted

Features = NDArray[np.float32]

FAR = 10.0
"""A feature vector so many times longer than the longest of a real image, or a coordinate so many ranges outside,
comes from no image through this encoder: normalisation layers bound what a network lets through."""

COPIES = 0.02
"""Share of generated rows that equal a real row above which a reviewer is told."""


def check_features(submitted: Submitted, others: Sequence[Entry]) -> list[Finding]:
    """Compare every stored feature array with the encoder's facts and with features of real images.

    The real ones are the submission's own reference side, or where it holds none, that of another record with the same
    encoder fingerprint. Without any, only the dimension can be checked, and a warning says so.

    Args:
        others: public records.
    """
    record, where = submitted.record, submitted.where
    found = [error("encoder", where, message) for message in _fingerprints(submitted, others)]
    for encoder in record.encoders:
        held = {part: _stored(submitted, encoder.name, part) for part in ("generated", "reference", "fit", "floor")}
        for part, features in held.items():
            if features is not None and features.shape[1] != encoder.dim:
                message = f"features.{encoder.name}.{part} have {features.shape[1]} columns, the encoder {encoder.dim}"
                found.append(error("features", where, message))
            if features is not None and not np.isfinite(features).all():
                message = f"features.{shown(encoder.name, 40)}.{part} hold NaN or infinity"
                found.append(error("features", where, message))
        generated = held["generated"]
        if generated is None or generated.shape[1] != encoder.dim or not len(generated):
            continue
        real = held["reference"] if held["reference"] is not None else _reference(encoder.name, submitted, others)
        if real is None or real.shape[1] != encoder.dim or len(real) < 2:
            message = f"there are no features of real images to compare those of {shown(encoder.name, 40)} with"
            found.append(warning("features", where, message))
            continue
        label = f"features.{shown(encoder.name, 40)}.generated"
        found += [error("features", where, f"{label} {message}") for message in implausible(generated, real)]
        share = equal_rows(generated, real)
        if share > COPIES:
            message = f"{100 * share:.0f} % of the rows of {label} are those of real images: is this model a copier?"
            found.append(warning("copies", where, message))
    return found


def implausible(generated: Features, real: Features) -> list[str]:
    """Why finite generated features cannot come from the encoder that made the real ones; empty if they can.

    Args:
        generated, real: float32[n, d].
    """
    found = []
    if not np.isfinite(generated).all() or not np.isfinite(real).all():
        return []
    if float(real.min()) >= 0.0 and float(generated.min()) < 0.0:
        found.append("are negative, which this encoder's features of real images never are")
    lengths = np.linalg.norm(generated.astype(np.float64), axis=1)
    longest = float(np.linalg.norm(real.astype(np.float64), axis=1).max())
    if float(lengths.max()) > FAR * longest:
        found.append(f"are up to {lengths.max() / max(longest, 1e-300):.0f} times as long as those of any real image")
    low, high = float(real.min()), float(real.max())
    reach = FAR * max(high - low, 1e-12)
    if float(generated.max()) > high + reach or float(generated.min()) < low - reach:
        found.append("lie far outside the range of those of real images")
    if len(generated) > 1 and float(lengths.max()) == 0.0:
        found.append("are all zero")
    return found


def equal_rows(generated: Features, real: Features) -> float:
    """Share of generated rows that equal a real row bit for bit."""
    known = {row.tobytes() for row in np.ascontiguousarray(real)}
    return sum(row.tobytes() in known for row in np.ascontiguousarray(generated)) / len(generated)


def _fingerprints(submitted: Submitted, others: Sequence[Entry]) -> list[str]:
    """Encoders whose name is known under this protocol, with another network or other facts behind it."""
    known: dict[str, list[EncoderFingerprint]] = {}
    for other in others:
        if other.record.protocol_hash == submitted.record.protocol_hash:
            for each in other.record.encoders:
                known.setdefault(each.name, []).append(each)
    return [
        f"encoder {shown(each.name, 40)} has another fingerprint, or other facts, than in every other record of this "
        "protocol"
        for each in submitted.record.encoders
        if each.name in known and each not in known[each.name]
    ]


def _stored(submitted: Submitted, encoder: str, part: str) -> Features | None:
    source = f"{encoder}.{part}"
    if f"features.{source}.safetensors" not in submitted.record.statistics:
        return None
    return submitted.reader.source(source)


def _reference(encoder: str, submitted: Submitted, others: Sequence[Entry]) -> Features | None:
    fingerprint = next(each.fingerprint for each in submitted.record.encoders if each.name == encoder)
    name = f"features.{encoder}.reference.safetensors"
    for other in others:
        if name in other.record.statistics and any(each.fingerprint == fingerprint for each in other.record.encoders):
            return other.reader().source(f"{encoder}.reference")
    return None
