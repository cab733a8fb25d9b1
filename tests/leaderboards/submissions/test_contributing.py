"""CONTRIBUTING.md's way to submit a result, typed as it stands in a checkout of its own."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from made_submissions import pull_request, run_folder

from leaderboards.library.library import Library
from leaderboards.submissions.validate import validate

ROOT = Path(__file__).resolve().parents[3]
BLOCK = re.search(r"## Submit a result\n.*?```bash\n(.*?)```", (ROOT / "CONTRIBUTING.md").read_text(), re.DOTALL)


@pytest.fixture
def commands() -> list[list[str]]:
    assert BLOCK is not None
    return [shlex.split(line.replace("NAME", "delta")) for line in BLOCK[1].splitlines()]


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
def test_followed_to_the_letter(commands: list[list[str]], tmp_path: Path) -> None:
    base = pull_request(tmp_path / "honest").base
    checkout = tmp_path / "checkout"
    shutil.copytree(base, checkout / "leaderboards" / "results")
    (checkout / ".gitignore").write_text("runs/\n")
    identity = {f"GIT_{who}_{what}": "x@y.z" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    environment = os.environ | identity | {"CHEXGENBENCH_CACHE": str(tmp_path / "cache")}

    def type_in(words: list[str]) -> str:
        if words[0] == "leaderboards":
            words = [sys.executable, "-c", "from leaderboards.cli import main; main()", *words[1:]]
        done = subprocess.run(words, cwd=checkout, env=environment, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    for words in (["git", "init", "-q"], ["git", "add", "-A"], ["git", "commit", "-qm", "base"]):
        type_in(words)
    for words in commands:
        if words[0] == "chexgenbench":
            # Minutes of work; its own tests run it. What it leaves behind is what a made-up run leaves behind.
            run_folder(checkout / words[words.index("--output") + 1], "delta", 8)
        else:
            type_in(words)
    changed = type_in(["git", "diff", "--name-only", "--no-renames", "-z", "HEAD^1", "HEAD"]).split("\0")[:-1]
    assert type_in(["git", "status", "--porcelain"]) == ""
    report = validate(checkout / "leaderboards" / "results", base, diff=changed)
    assert report.ok and len(report.records) == 1 and len(changed) == 2 + len(report.statistics)
    assert [words[0] for words in commands] == ["chexgenbench", "leaderboards", "leaderboards", "git", "git", "git"]


def test_the_options_of_the_page_are_those_of_the_public_records(commands: list[list[str]]) -> None:
    """Otherwise CI would refuse whoever follows the page: nothing public follows the protocol of that size."""
    from chexgenbench.plan import resolve_protocol
    from chexgenbench.run_folder import RunConfig

    words = commands[0]
    options = dict(zip(words[2::2], words[3::2], strict=True))
    config = RunConfig(model="delta", split=options["--split"], limit=int(options["--limit"]))
    public = {
        (entry.record.split["name"], entry.record.protocol_hash)
        for entry in Library.public().entries()
        if entry.record.benchmark == "chexgenbench"
    }
    assert (options["--split"], resolve_protocol(config).hash) in public
    tab = ROOT / "leaderboards" / "app" / "templates" / "submit.html.j2"
    assert f"--split phantom --limit {options['--limit']} --output" in tab.read_text()
