"""3d_scene: several views of one scene, with occlusion; how many objects it holds."""

from mirb.tasks.base import Task

TASK = Task(
    name="3d_scene",
    category="reasoning",
    answer="number",
    asks="how many objects a scene holds, seen from several sides",
    images="2 to 4",
    instruction="The following images are different views of the same 3D scene. Answer with a single number.",
    official="number",
)
