"""Hashes that are computed when they are first asked for: listing a split should not read every image of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping


class LazyHashes(Mapping[str, str]):
    """Key -> sha256 for a known set of keys.

    Args:
        keys: in the order of iteration.
        compute: key -> hex sha256.
    """

    def __init__(self, keys: Iterable[str], compute: Callable[[str], str]) -> None:
        self._keys = dict.fromkeys(keys)
        self._compute = compute
        self._known: dict[str, str] = {}

    def __getitem__(self, key: str) -> str:
        if key not in self._keys:
            raise KeyError(key)
        if key not in self._known:
            self._known[key] = self._compute(key)
        return self._known[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._keys)

    def __len__(self) -> int:
        return len(self._keys)
