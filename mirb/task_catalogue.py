"""The eleven tasks of MIRB (arXiv 2406.12742): category, answer form and what an item asks."""

from __future__ import annotations

from typing import Literal, NamedTuple

Category = Literal["knowledge", "reasoning", "perception", "multi-hop"]
Answer = Literal["letter", "yes/no", "number", "word", "title"]


class Task(NamedTuple):
    """One task.

    Attributes:
        name: file stem of the published data. alias: its name in an earlier release, or "".
        category: the score is the mean of the four category means.
        answer: form of the gold answer.
        asks: what an item asks for, in a few words.
    """

    name: str
    alias: str
    category: Category
    answer: Answer
    asks: str


TASKS = (
    Task("food", "foods", "knowledge", "letter", "which food suits a diet, from photos of ingredient lists"),
    Task("sightseeing", "places", "knowledge", "word", "whether sights are in one city, or in which"),
    Task("codeu", "", "reasoning", "letter", "what a program spread over several screenshots does"),
    Task("plot_code", "plot", "reasoning", "word", "which of several code screenshots made a plot"),
    Task("analogy", "", "reasoning", "yes/no", "whether four images form an analogy A : A' :: B : B'"),
    Task("3d_scene", "", "reasoning", "number", "how many objects a scene holds, seen from several sides"),
    Task("image_jigsaw", "", "perception", "letter", "which permutation of patches restores an image"),
    Task("count", "", "perception", "number", "how many objects two images hold together"),
    Task("attribute", "domain", "perception", "yes/no", "whether all images share a style, domain or object"),
    Task("visual_chain", "image_needles", "multi-hop", "number", "a variable defined step by step in images"),
    Task("arxiv", "", "multi-hop", "title", "the title behind a citation, across the pages of a paper"),
)
"""In the order of the published categories. How many items a task has is read from the data, never assumed."""
