"""analogy: four images A, A', B, B'; whether A is to A' as B is to B'."""

from mirb.tasks.base import Task

TASK = Task(
    name="analogy",
    category="reasoning",
    answer="yes/no",
    asks="whether four images form an analogy A : A' :: B : B'",
    images="4",
    instruction="Answer with a single word.",
    official="yes/no",
)
