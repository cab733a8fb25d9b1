"""count: two images; how many objects of a kind they hold together."""

from mirb.tasks.base import Task

TASK = Task(
    name="count",
    category="perception",
    answer="number",
    asks="how many objects two images hold together",
    images="2",
    instruction="Answer with a single number.",
    official="number",
)
