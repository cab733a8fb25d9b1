"""The board over HTTP: Gradio's page behind a guard, and tables as files."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from data_splits.errors import UserError
from leaderboards.app.guard import Guard
from leaderboards.app.html import style
from leaderboards.app.skin import LOAD_JS, blocks, state_of
from leaderboards.app.views import grid
from leaderboards.boards.board import Board
from leaderboards.reporting import tables

if TYPE_CHECKING:
    from fastapi import FastAPI

SPACE_HOSTS = ("https://huggingface.co", "https://*.hf.space")
"""Who shows a Space in a frame."""

KINDS = {"csv": ("text/csv; charset=utf-8", "csv"), "latex": ("text/plain; charset=utf-8", "tex")}

FONTS = ["system-ui", "-apple-system", "Segoe UI", "Roboto", "Helvetica Neue", "Arial", "sans-serif"]
MONO = ["ui-monospace", "SFMono-Regular", "Menlo", "Consolas", "DejaVu Sans Mono", "monospace"]

# Gradio confines what stands in a media query to the middle of the page; the margins around it shrink by the window.
PAGE_CSS = """
.gradio-container{width:100%!important;max-width:1360px!important;margin:0 auto!important;
 padding:10px clamp(6px,1.7vw,22px) 40px!important}
.main.fillable{padding:16px clamp(0px,6vw - 24px,32px)!important}
body,gradio-app{background:#fbfbf8!important}body.dark,.dark gradio-app{background:#131619!important}
.top{align-items:center}.top .theme{margin-left:auto}.board.brand{font-size:15px}
#body .prose,#body{overflow:visible!important;max-width:none}
.controls{gap:10px!important}
footer{display:none!important}
@media (max-width:640px){
.html-container{padding:8px 0!important}.form{background:none!important}
.controls .form,.controls{display:grid!important;grid-template-columns:1fr 1fr!important;gap:4px!important}
.controls>.form{grid-column:1/-1}.controls .block{min-width:0!important;padding:6px!important}
.controls .wrap-inner{max-height:96px;overflow-y:auto}.controls label,.controls span{font-size:13px!important}
}
"""


def require_gradio() -> None:
    """Raises: UserError where the extra is not installed."""
    if find_spec("gradio") is None:
        raise UserError("The board needs Gradio: pip install 'chexgenbench-suite[board]'.")


def make_app(board: Board, framed_by: tuple[str, ...] = ()) -> FastAPI:
    """The application: one page, and `/export/csv` and `/export/latex` of whatever table the query names.

    Raises:
        UserError: Gradio is not installed.
    """
    require_gradio()
    import gradio as gr
    from fastapi import FastAPI
    from starlette.requests import Request
    from starlette.responses import PlainTextResponse, Response
    from starlette.routing import Route

    def export(request: Request) -> Response:
        state = state_of(str(request.query_params))
        found = grid(board, state)
        if found is None:
            return PlainTextResponse("This tab has no table.", status_code=404)
        style_name = str(request.path_params["style"])
        media, suffix = KINDS[style_name]
        named = {"content-disposition": f'attachment; filename="{found.name}.{suffix}"'}
        full = style_name == "csv"
        text = (tables.to_csv if full else tables.to_latex)(found.table(full))
        return Response(text, media_type=media, headers=named)

    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    app.router.routes.append(Route("/export/{style:str}", export, methods=["GET"]))
    settings: dict[str, Any] = {
        "theme": gr.themes.Base(primary_hue="blue", neutral_hue="gray", font=FONTS, font_mono=MONO),
        "css": PAGE_CSS + style(),
        "js": LOAD_JS,
    }
    closed: dict[str, Any] = {
        "footer_links": [],
        "run_history": False,
        "allowed_paths": [],
        "show_error": False,
        "max_file_size": 1,
        "ssr_mode": False,
        "enable_monitoring": False,
        "pwa": False,
        "mcp_server": False,
    }
    gr.mount_gradio_app(app, blocks(board), "/", **settings, **closed)
    app.add_middleware(Guard, framed_by=framed_by)
    return app


def serve(board: Board, host: str, port: int, framed_by: tuple[str, ...] = ()) -> None:
    """Answer until stopped.

    Raises:
        UserError: Gradio is not installed, or the port is taken.
    """
    app = make_app(board, framed_by)
    require_free(host, port)
    import uvicorn

    uvicorn.run(app, host=host, port=port, log_level="warning", server_header=False)


def require_free(host: str, port: int) -> None:
    """Raises: UserError where nothing can answer at this address and port."""
    import socket

    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except (socket.gaierror, UnicodeError) as error:
            raise UserError(f"{host} is no address of this machine. Choose another: --host.") from error
        except OSError as error:
            raise UserError(
                f"Port {port} of {host} cannot be used ({error.strerror}). Choose another: --port."
            ) from error
