"""viguard's own content, as data files in the package: controls and what still waits for a source."""

from __future__ import annotations

from importlib.resources import files

CONTROLS = "controls"


def topics() -> list[tuple[str, str]]:
    """Every file of controls as (name, text), sorted by name."""
    folder = files(__name__) / CONTROLS
    found = sorted((f.name, f) for f in folder.iterdir() if f.name.endswith(".yaml"))
    return [(f"{CONTROLS}/{name}", file.read_text(encoding="utf-8")) for name, file in found]


def text(name: str) -> str:
    """One content file by its name in this package, e.g. ``no_source_yet.yaml``."""
    return (files(__name__) / name).read_text(encoding="utf-8")
