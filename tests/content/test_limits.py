"""docs/limits.md names as many waiting controls as there are."""

from __future__ import annotations

from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]


def test_docs_count_the_controls_that_wait_for_a_source() -> None:
    text = (ROOT / "src/viguard/content/no_source_yet.yaml").read_text(encoding="utf-8")
    waiting = [source for source in yaml.safe_load(text).values() if source != "attestation"]
    said = (ROOT / "docs/limits.md").read_text(encoding="utf-8")
    assert f"\n{len(waiting)} controls wait for sources that are not there yet" in said
    assert "logs" not in waiting
