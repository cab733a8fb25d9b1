"""image_jigsaw: an image and its numbered patches; which permutation restores it."""

from mirb.tasks.base import Task

TASK = Task(
    name="image_jigsaw",
    category="perception",
    answer="letter",
    asks="which permutation of patches restores an image",
    images="5",
    instruction="Answer with the option symbol.",
    official="exact",
    official_letters=True,
)
