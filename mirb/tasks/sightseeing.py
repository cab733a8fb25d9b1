"""sightseeing: sights of one or several cities; in the same city, in this city, or in which."""

from mirb.tasks.base import Task

TASK = Task(
    name="sightseeing",
    alias="places",
    category="knowledge",
    answer="place",
    asks="whether sights are in one city, or in which",
    images="2 to 3",
    instruction="Answer with a single word.",
    official="contains",
)
