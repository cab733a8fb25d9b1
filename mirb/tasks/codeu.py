"""codeu: a program spread over several screenshots; what it prints or does."""

from mirb.tasks.base import Task

TASK = Task(
    name="codeu",
    category="reasoning",
    answer="letter",
    asks="what a program spread over several screenshots does",
    images="2 or more",
    instruction="Answer with the option symbol.",
    official="exact",
    official_letters=True,
)
