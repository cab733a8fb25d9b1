"""plot_code: a plot and several code screenshots; which code made the plot.

Options are printed as "A. First", the published instruction asks for one word, and the gold answer is the word.
"""

from mirb.tasks.base import Task

TASK = Task(
    name="plot_code",
    alias="plot",
    category="reasoning",
    answer="ordinal",
    asks="which of several code screenshots made a plot",
    images="about 5",
    instruction="Answer with a single word.",
    official="exact",
    options=("First", "Second", "Third", "Fourth"),
)
