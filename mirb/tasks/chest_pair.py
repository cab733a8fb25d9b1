"""chest_pair: two radiographs; which one shows a finding. Ours, from the shared real images; outside the MIRB score."""

from mirb.tasks.base import Task

TASK = Task(
    name="chest_pair",
    category="extra",
    answer="letter",
    asks="which of two chest radiographs shows pneumonia",
    images="2",
    instruction="Answer with the option symbol.",
    official="exact",
    official_letters=True,
)
