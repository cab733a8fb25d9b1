"""Records that may share a table: one benchmark, one split, one protocol, one protocol hash."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from data_splits.integrity import content_hash
from leaderboards.comparison.compare import Contender
from leaderboards.library.entry import Entry
from leaderboards.records.schema import ResultRecord


class Key(NamedTuple):
    """What two records must share, every field of it, before their numbers may stand in one table."""

    benchmark: str
    protocol: str
    protocol_hash: str
    split: str
    version: str
    subset: str
    split_hash: str
    cases: str

    @classmethod
    def of(cls, record: ResultRecord) -> Key:
        split = [record.split.get(name) for name in ("name", "version", "subset", "hash", "cases")]
        return cls(
            record.benchmark, record.protocol, record.protocol_hash, *("" if v is None else str(v) for v in split)
        )

    @property
    def id(self) -> str:
        """Twelve hex digits that follow from all fields: the name of a cohort in every table and address."""
        return content_hash(list(self))[:12]


@dataclass(frozen=True)
class Member:
    """A record of a cohort. name: of its model, told apart from others of the cohort. origin: "public", "private"."""

    entry: Entry
    name: str
    origin: str

    @property
    def id(self) -> str:
        """The record's hash: what every table refers to it by."""
        return self.entry.hash

    @property
    def record(self) -> ResultRecord:
        """The record itself."""
        return self.entry.record


@dataclass(frozen=True)
class Cohort:
    """Members in the order of their names.

    Raises:
        ValueError: a member with another key. Nothing that comes later can mix protocols, splits or sizes.
    """

    key: Key
    members: tuple[Member, ...]

    def __post_init__(self) -> None:
        for member in self.members:
            if (found := Key.of(member.record)) != self.key:
                wrong = [name for name, one, other in zip(Key._fields, self.key, found, strict=True) if one != other]
                raise ValueError(f"{member.name} has another {', '.join(wrong)} than the table it was put in")

    @property
    def id(self) -> str:
        """See `Key.id`."""
        return self.key.id

    def contenders(self) -> list[Contender]:
        """The members as `compare` takes them, named by their record hashes."""
        return [Contender(each.id, each.entry.folder, each.record) for each in self.members]


def cohorts(entries: Iterable[tuple[Entry, str]]) -> list[Cohort]:
    """Records by key, sorted: benchmark, split, protocol, then size.

    Args:
        entries: (entry, origin); a hash that occurs twice is taken once, as it came first.
    """
    found: dict[Key, dict[str, tuple[Entry, str]]] = {}
    for entry, origin in entries:
        found.setdefault(Key.of(entry.record), {}).setdefault(entry.hash, (entry, origin))
    made = []
    for key in sorted(found, key=_order):
        held = sorted(found[key].values(), key=lambda each: (_model(each[0]), each[0].record.run_seed, each[0].hash))
        names = _names([each for each, _ in held])
        made.append(Cohort(key, tuple(Member(e, name, origin) for (e, origin), name in zip(held, names, strict=True))))
    return made


def _order(key: Key) -> tuple[object, ...]:
    """The default protocol first, and the larger run first."""
    cases = int(key.cases) if key.cases.isdigit() else 0
    return key.benchmark, key.split, key.protocol != "v2", key.protocol, -cases, key


def _model(entry: Entry) -> str:
    return str(entry.record.model.get("name", "model"))


def _names(entries: list[Entry]) -> list[str]:
    """Model names; those that several records share get the run seed, and where that is shared too, the hash."""
    plain = [_model(each) for each in entries]
    seeded = [
        f"{name} (seed {each.record.run_seed})" if plain.count(name) > 1 else name
        for name, each in zip(plain, entries, strict=True)
    ]
    return [
        f"{name} #{each.hash[:6]}" if seeded.count(name) > 1 else name
        for name, each in zip(seeded, entries, strict=True)
    ]
