"""food: ingredient lists of two or three foods; which one suits a diet."""

from mirb.tasks.base import Task

TASK = Task(
    name="food",
    alias="foods",
    category="knowledge",
    answer="letter",
    asks="which food suits a diet, from photos of ingredient lists",
    images="2 to 3",
    instruction="Answer with the option symbol.",
    official="exact",
    official_letters=True,
)
