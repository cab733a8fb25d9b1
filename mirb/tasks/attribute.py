"""attribute: four images; whether all share a style, a domain or an object."""

from mirb.tasks.base import Task

TASK = Task(
    name="attribute",
    alias="domain",
    category="perception",
    answer="yes/no",
    asks="whether all images share a style, domain or object",
    images="4",
    instruction="Answer with a single word.",
    official="yes/no",
)
