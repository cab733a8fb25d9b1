"""One file per data set; `load_split` and `load_questions` find the right one."""

from data_splits.sources.registry import (
    SourceInfo,
    describe,
    holds_questions,
    load_questions,
    load_split,
    names,
    question_names,
)

__all__ = ["SourceInfo", "describe", "holds_questions", "load_questions", "load_split", "names", "question_names"]
