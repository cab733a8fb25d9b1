"""arxiv: the pages of a paper; the title behind a citation on one of them."""

from mirb.tasks.base import Task

TASK = Task(
    name="arxiv",
    category="multi-hop",
    answer="title",
    asks="the title behind a citation, across the pages of a paper",
    images="up to 42",
    instruction="Answer with the paper title.",
    official="exact",
)
