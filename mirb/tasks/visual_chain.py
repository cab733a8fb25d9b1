"""visual_chain: text in images defines a variable step by step; its value. (The published instruction says "word".)"""

from mirb.tasks.base import Task

TASK = Task(
    name="visual_chain",
    alias="image_needles",
    category="multi-hop",
    answer="number",
    asks="a variable defined step by step in images",
    images="about 3",
    instruction="Answer with a single word.",
    official="number",
)
