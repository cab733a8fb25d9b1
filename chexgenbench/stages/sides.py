"""From stored images and cached features to what metrics look at: the sides of one encoder."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chexgenbench.lazy_images import GreyImage, LazyImages
from chexgenbench.metrics.base import Asked, Lengths, PairHead, Texts
from chexgenbench.parts import Cases, EncodedSplit, Extras, side_of
from chexgenbench.plan import Plan
from chexgenbench.protocols.base import PROBING
from chexgenbench.stages.extract import build_encoder, feature_store, sample_name
from chexgenbench.stages.prompts import texts_of
from data_splits.case import Case
from data_splits.errors import UserError
from leaderboards.records.schema import EncoderFingerprint
from model_adapters.inference.sample_store import SampleStore
from model_adapters.protocols import Encoder

Sample = tuple[Case, int]
"""(case, draw)"""


class Sides:
    """Everything a run has, by encoder.

    Args:
        plan, store: of the run.
        images: what `extract` noted: "real" (case id -> hash) and "generated" (sample name -> hash).
        noise: (case id, draw) -> text-conditional noise norm, where a white box was looked into.
    """

    def __init__(
        self, plan: Plan, store: SampleStore, images: Mapping[str, Any], noise: Mapping[tuple[str, int], float]
    ) -> None:
        self.plan = plan
        self.store = store
        self.images = images
        self.noise = noise

    @cached_property
    def cases(self) -> Cases:
        """The evaluated cases that have an image, and the real cases whose image could be read."""
        return Cases(
            generated=tuple(case for case, _ in self._drawn(self.plan.cases, 1, encoded=bool(self.images))),
            reference=self._readable(self.plan.reference),
            fit=self._readable(self.plan.fit),
            floor=self._readable(self.plan.floor),
        )

    def of(self, name: str) -> tuple[EncodedSplit, EncoderFingerprint | None]:
        """Features, pixels and further parts for the metrics of one encoder ("" for those that use none).

        Raises:
            UserError: a feature is not in the cache.
        """
        encoder = build_encoder(self.plan, name) if name else None
        features = _Features(self, encoder)
        cases = self.cases
        generated = [(case, 0) for case in cases.generated]
        head = encoder.class_head() if encoder is not None else None
        split = EncodedSplit(
            encoder=name,
            generated=features.drawn(generated),
            reference=features.real(cases.reference),
            fit=features.real(cases.fit),
            floor=features.real(cases.floor),
            class_weight=None if head is None else head.weight,
            class_bias=None if head is None else head.bias,
            images={
                "generated": self._pixels(generated),
                "reference": self._real_pixels(cases.reference),
                "fit": self._real_pixels(cases.fit),
                "floor": self._real_pixels(cases.floor),
            },
            extras=self._extras(name, encoder, features),
        )
        return split, None if encoder is None else _fingerprint(encoder)

    def _extras(self, name: str, encoder: Encoder | None, features: _Features) -> Extras:
        plan, needs = self.plan, self.plan.protocol.needs_of(name)
        draws = plan.protocol.draws
        corpus = self._readable(plan.corpus) if "corpus" in needs else ()
        texts = texts_of(plan, encoder) if "texts" in needs else None
        probes = self._asked(plan.probes, draws if "probes" in needs else 1, features) if needs & PROBING else None
        return Extras(
            corpus=side_of(features.real(corpus), corpus, None, self._real_pixels(corpus)) if corpus else None,
            probes=probes,
            controls=self._asked(plan.drawn, draws, features) if "controls" in needs else None,
            synthetic=self._asked(plan.synthetic, 1, features) if "synthetic" in needs else None,
            texts=texts if isinstance(texts, Texts) else None,
            no_texts=texts if isinstance(texts, str) else "no metric asked for them",
            pair_head=_pair_head(encoder),
            lengths=self._lengths() if "lengths" in needs else None,
            masks=plan.split.read_masks if "masks" in needs else None,
        )

    def _lengths(self) -> Lengths | None:
        """Lengths of the prompts of the evaluated images whose row tells one."""
        rows = self.store.rows
        told = [
            (case.patient, info)
            for case in self.cases.generated
            if (info := rows[case.id, 0].info) is not None and "tokens" in info
        ]
        if not told:
            return None
        facts = [info for _, info in told]
        short = [bool(info["truncated_short"]) for info in facts if "truncated_short" in info]
        return Lengths(
            patients=np.array([patient for patient, _ in told], np.str_),
            tokens=np.array([int(info["tokens"]) for info in facts], np.int64),
            cut=np.array([bool(info.get("truncated")) for info in facts], np.bool_),
            cut_short=np.array(short, np.bool_) if len(short) == len(facts) else None,
        )

    def _asked(self, part: Sequence[Case], draws: int, features: _Features) -> Asked | None:
        """The cases of which every draw has an image and whose real image can be read."""
        samples = self._drawn(self._readable(part), draws, encoded=features.encoder is not None)
        if not samples:
            return None
        cases = tuple(case for case, draw in samples if draw == 0)
        row = {case.id: index for index, case in enumerate(cases)}
        noise = None
        if any((case.id, draw) in self.noise for case, draw in samples):
            noise = np.array([self.noise.get((case.id, draw), np.nan) for case, draw in samples])
        return Asked(
            images=side_of(features.drawn(samples), [case for case, _ in samples], None, self._pixels(samples)),
            draw=np.array([draw for _, draw in samples], np.int64),
            real=side_of(features.real(cases), cases, None, self._real_pixels(cases)),
            target=np.array([row[case.id] for case, _ in samples], np.int64),
            noise=noise,
        )

    def _drawn(self, part: Iterable[Case], draws: int, encoded: bool) -> list[Sample]:
        """(case, draw), draw by draw, of the cases that have all their draws."""
        rows = self.store.rows
        hashes = self.images["generated"] if encoded and self.images else None

        def there(case: Case, draw: int) -> bool:
            row = rows.get((case.id, draw))
            return row is not None and row.status == "ok" and (hashes is None or sample_name(case.id, draw) in hashes)

        whole = [case for case in part if all(there(case, draw) for draw in range(draws))]
        return [(case, draw) for draw in range(draws) for case in whole]

    def _readable(self, part: Sequence[Case]) -> tuple[Case, ...]:
        """The cases whose real image could be read (all of them where no encoder looked)."""
        return tuple(case for case in part if not self.images or case.id in self.images["real"])

    def _pixels(self, samples: Sequence[Sample]) -> LazyImages:
        rows = self.store.rows
        return LazyImages([partial(self.store.load, rows[case.id, draw]) for case, draw in samples])

    def _real_pixels(self, cases: Sequence[Case]) -> LazyImages:
        read: Callable[[Case], GreyImage] = self.plan.split.read_image
        return LazyImages([partial(read, case) for case in cases])


class _Features:
    """Cached features of one encoder, or empty rows without one."""

    def __init__(self, sides: Sides, encoder: Encoder | None) -> None:
        self.encoder = encoder
        self._images = sides.images
        self._store = feature_store(sides.plan, encoder) if encoder is not None else None

    def real(self, cases: Sequence[Case]) -> NDArray[np.float32]:
        return self._rows([self._images["real"][case.id] for case in cases] if self.encoder else [""] * len(cases))

    def drawn(self, samples: Sequence[Sample]) -> NDArray[np.float32]:
        hashes = self._images["generated"] if self.encoder else {}
        return self._rows([hashes.get(sample_name(case.id, draw), "") for case, draw in samples])

    def _rows(self, hashes: list[str]) -> NDArray[np.float32]:
        if self._store is None or self.encoder is None:
            return np.zeros((len(hashes), 0), np.float32)
        array, missing = self._store.get_many(hashes)
        if missing:
            raise UserError(
                f"{len(missing)} feature(s) of {self.encoder.name} are not in the cache. "
                "Run `chexgenbench extract` again."
            )
        return array


def _pair_head(encoder: Encoder | None) -> PairHead | None:
    make = getattr(encoder, "pair_head", None)
    head = make() if make is not None else None
    return None if head is None else PairHead(np.asarray(head[0], np.float32), float(head[1]))


def _fingerprint(encoder: Encoder) -> EncoderFingerprint:
    card = encoder.card
    return EncoderFingerprint(
        name=encoder.name,
        fingerprint=encoder.fingerprint,
        dim=encoder.dim,
        source=card.source,
        settings=dict(card.settings),
        weight_hashes=dict(card.weight_hashes),
    )
