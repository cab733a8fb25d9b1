"""The fidelity tab."""

from leaderboards.app.views.family import family_grid as grid
from leaderboards.app.views.family import family_view as view

__all__ = ["grid", "view"]
