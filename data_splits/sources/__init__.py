"""One file per data set; `load_split` finds the right one."""

from data_splits.sources.registry import SourceInfo, describe, load_split, names

__all__ = ["SourceInfo", "describe", "load_split", "names"]
