"""Questions as MIRB words them, for tests of scorers."""

from __future__ import annotations

from data_splits.question import Question

TEXTS = {
    "food": "Which food suits a vegan?\nA. Food 1\nB. Food 2\nC. Food 3\nD. None of the Above",
    "codeu": "What does the program print?\nA. hello world\nB. hello\nC. 12\nD. nothing",
    "image_jigsaw": "Which order?\nA. [3, 0, 2, 1]\nB. [0, 1, 2, 3]\nC. [1, 2, 3, 0]\nD. [2, 3, 0, 1]",
    "plot_code": "Which code made the plot?\nA. First\nB. Second\nC. Third\nD. Fourth",
    "count": "How many cats are in these two images?",
    "3d_scene": "How many objects are in the scene?",
    "visual_chain": "What is the value of c?",
    "analogy": "Do the images make an analogy?",
    "attribute": "Do all images share a style?",
    "sightseeing": "Which city is this?",
    "arxiv": "What's the paper title of citation [38] on page 11?",
}


def question(task: str, gold: str, **changes: object) -> Question:
    """A question of a task with this gold answer."""
    fields = {"id": f"{task}-1", "task": task, "question": TEXTS[task], "answer": gold, "images": ()}
    return Question(**(fields | changes))  # type: ignore[arg-type]
