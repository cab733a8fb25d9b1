"""Entry of a hosted Space: tables from the results that ship with the package, then the page."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from leaderboards.app.server import SPACE_HOSTS, make_app, serve
from leaderboards.boards.board import Board
from leaderboards.commands.board import prepare

if TYPE_CHECKING:
    from fastapi import FastAPI


def application() -> FastAPI:
    """The app over freshly built tables, for a server of your own (`uvicorn --factory app:application`)."""
    return make_app(Board.read(prepare(None)), SPACE_HOSTS)


def main() -> None:
    """Build, then answer on the port that the host names."""
    serve(Board.read(prepare(None)), "0.0.0.0", int(os.environ.get("PORT", "7860")), SPACE_HOSTS)


if __name__ == "__main__":
    main()
