"""Which lines of an ATTRIBUTION.md belong to a folder."""

from __future__ import annotations

from pathlib import Path

from data_splits.sources.attribution import attribution

TEXT = """# Attribution
Read this.
## one/ : First set
- Licence: **CC BY 3.0**, [deed](https://example.org)
  1. Cite us.
## two/three.dcm
- MIT
"""


def test_own_file_shared_section_or_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "one"
    folder.mkdir()
    assert attribution(folder) is None
    (tmp_path / "ATTRIBUTION.md").write_text(TEXT)
    assert attribution(folder) == "Licence: CC BY 3.0, deed Cite us."
    assert attribution(tmp_path / "four") is None
    (folder / "ATTRIBUTION.md").write_text("All mine\n")
    assert attribution(folder) == "All mine"
