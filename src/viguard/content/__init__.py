"""viguard's own content, as data files in the package: controls and what still waits for a source."""

from __future__ import annotations

from importlib.resources import files

CONTROLS = "controls"


def topics() -> list[tuple[str, str]]:
    """Every file of controls as (name, text), sorted by name."""
    return folder(CONTROLS)


def folder(name: str) -> list[tuple[str, str]]:
    """Every YAML file in a folder of this package as (name, text), sorted by name."""
    found = sorted((f.name, f) for f in files(__name__).joinpath(*name.split("/")).iterdir())
    return [(f"{name}/{n}", f.read_text(encoding="utf-8")) for n, f in found if n.endswith((".yaml", ".yml"))]


def text(name: str) -> str:
    """One content file by its name in this package, e.g. ``no_source_yet.yaml``."""
    return (files(__name__) / name).read_text(encoding="utf-8")
