"""The served app, as far as it can be seen without a browser: closed surface, exports, no torch, the Space."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from data_splits.errors import UserError
from leaderboards.app import server
from leaderboards.boards.board import Board

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def client(board: Board) -> Any:
    pytest.importorskip("gradio", reason="the board extra is not installed")
    from starlette.testclient import TestClient

    return TestClient(server.make_app(board))


def test_without_gradio_the_fix_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "find_spec", lambda name: None)
    with pytest.raises(UserError, match=r"pip install .*\[board\]"):
        server.require_gradio()


def test_the_page_names_no_other_host_and_offers_no_endpoint(client: Any) -> None:
    page = client.get("/")
    assert page.status_code == 200 and "Who is better" in page.text
    config = json.loads(re.search(r"window\.gradio_config = (\{.*?\});</script>", page.text, re.S)[1])  # type: ignore[index]
    assert all(each["api_visibility"] == "private" for each in config["dependencies"])
    assert not {"file", "uploadbutton", "image", "code", "dataframe"} & {each["type"] for each in config["components"]}
    assert config["analytics_enabled"] is False and not config.get("footer_links")
    assert not re.search(r"""(?:src|href)=["']?(?:https?:)?//""", page.text.split("window.gradio_config")[0])
    css = client.get("/theme.css").text
    assert "fonts.googleapis" not in css and not re.search(r"url\(['\"]?https?:", css)
    for path in ("/gradio_api/info", "/gradio_api/upload", "/gradio_api/file=/etc/passwd", "/docs", "/openapi.json"):
        assert client.get(path).status_code == 404


def test_tables_leave_as_files(client: Any) -> None:
    answer = client.get("/export/csv?tab=fidelity&columns=kid")
    assert answer.status_code == 200 and answer.headers["content-disposition"].endswith('"fidelity.csv"')
    assert "KID ↓ low" in answer.text and answer.text.count("\n") == 4
    assert "\\toprule" in client.get("/export/latex?tab=overview").text
    assert client.get("/export/csv?tab=submit").status_code == 404
    assert client.get("/export/csv?tab=fidelity&q=%3Cscript%3E").text.count("\n") == 1


def test_a_taken_port_is_the_users_mistake() -> None:
    import socket

    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        held.listen()
        with pytest.raises(UserError, match="--port"):
            server.require_free("127.0.0.1", held.getsockname()[1])
    with pytest.raises(UserError, match="--host"):
        server.require_free("..", 7860)  # no name at all, so that nobody is asked for its address


def test_the_space_builds_and_never_imports_torch(tmp_path: Path) -> None:
    pytest.importorskip("gradio", reason="the board extra is not installed")
    code = (
        "import sys, app; made = app.application(); "
        "assert any(getattr(route, 'path', '') == '/export/{style:str}' for route in made.routes); "
        "print([name for name in ('torch', 'transformers', 'chexgenbench', 'mirb') if name in sys.modules])"
    )
    environment = os.environ | {
        "CHEXGENBENCH_CACHE": str(tmp_path),
        "PYTHONPATH": f"{ROOT / 'deploy' / 'space'}:{ROOT}",
    }
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.strip().endswith("[]")


def test_the_space_asks_for_what_the_package_allows() -> None:
    wanted = [line for line in (ROOT / "deploy/space/requirements.txt").read_text().splitlines() if line[:1] != "#"]
    project = (ROOT / "pyproject.toml").read_text()
    assert wanted and all(f'"{line}"' in project for line in wanted)
    assert not any(line.startswith("torch") for line in wanted)
