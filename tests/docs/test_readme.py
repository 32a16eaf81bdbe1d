from __future__ import annotations

import re
from pathlib import Path

from click.testing import CliRunner

from viguard.cli.main import COMMANDS, main

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_it_opens_with_what_viguard_is_and_the_two_commands() -> None:
    head = README.splitlines()[:12]
    assert head[0] == "# viguard"
    assert "    make demo" in "\n".join(head)
    assert "    make test" in "\n".join(head)


def test_every_command_it_names_exists() -> None:
    named = set(re.findall(r"`viguard ([a-z]+)", README))
    assert named <= set(COMMANDS)
    assert {"audit", "init", "config", "explain", "ask"} <= named


def test_every_option_it_names_is_an_option_of_that_command() -> None:
    for command, rest in re.findall(r"`viguard ([a-z]+)([^`]*)`", README):
        for option in re.findall(r"--[a-z-]+", rest):
            shown = CliRunner().invoke(main, [command, "--help"]).output
            assert option in shown, f"viguard {command} has no {option}"


def test_every_folder_it_names_exists() -> None:
    for folder in re.findall(r"`(src/[a-z/]+|lab|docs)`", README):
        assert (ROOT / folder).is_dir(), folder


def test_every_link_in_the_documents_leads_somewhere() -> None:
    for document in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)\)", document.read_text(encoding="utf-8")):
            assert (document.parent / target).exists(), f"{document}: {target}"


def test_the_picture_loads_nothing_from_elsewhere() -> None:
    picture = (ROOT / "docs" / "audit.svg").read_text(encoding="utf-8")
    addresses = set(re.findall(r"https?://[^\"') ]+", picture))
    assert {a for a in addresses if "www.w3.org" not in a and "textualize" not in a} == set()
    assert "@import" not in picture
    assert "url(http" not in picture
