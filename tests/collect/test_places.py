from __future__ import annotations

import pytest

from viguard.collect.places import Node, Tree, true_name


def tree(*, direct: bool = False) -> Tree:
    made = Tree("/vc", direct=direct)
    made.add("group-d1", Node("Folder", "Datacenters"))
    made.add("group-e", Node("Folder", "Europe", "group-d1"))
    made.add("dc", Node("Datacenter", "Main", "group-e"))
    made.add("group-v", Node("Folder", "vm", "dc"))
    made.add("group-h", Node("Folder", "host", "dc"))
    made.add("group-x", Node("Folder", "vm", "group-v"))
    made.add("cluster", Node("ClusterComputeResource", "Internal", "group-h"))
    made.add("lone", Node("ComputeResource", "esx9", "group-h"))
    return made


def test_root_folders_are_left_out_and_others_of_that_name_are_not() -> None:
    assert tree().below("group-v", "www1") == "/vc/Europe/Main/www1"
    assert tree().below("group-x", "www1") == "/vc/Europe/Main/vm/www1"
    assert tree().below("cluster", "esx1") == "/vc/Europe/Main/Internal/esx1"
    assert tree().below("lone", "esx9") == "/vc/Europe/Main/esx9"


def test_a_host_read_directly_has_no_datacenter_in_its_paths() -> None:
    made = Tree("/esx", direct=True)
    made.add("ha-folder-root", Node("Folder", "ha-folder-root"))
    made.add("ha-datacenter", Node("Datacenter", "ha-datacenter", "ha-folder-root"))
    made.add("ha-folder-vm", Node("Folder", "vm", "ha-datacenter"))
    assert made.below("ha-folder-vm", "guest") == "/esx/guest"


def test_slashes_and_percent_signs_are_steps_of_a_path_only_once() -> None:
    assert tree().below("group-v", "a/b%c") == "/vc/Europe/Main/a%2fb%25c"


def test_an_object_whose_parent_is_not_seen_stands_at_the_root() -> None:
    assert tree().below("group-hidden", "x") == "/vc/x"


def test_a_cycle_ends() -> None:
    made = Tree("/vc", direct=False)
    made.add("a", Node("Folder", "a", "b"))
    made.add("b", Node("Folder", "b", "a"))
    assert made.below("a", "x").startswith("/vc/")
    assert made.above("a", frozenset({"Datacenter"})) == ""


def test_the_nearest_of_a_type() -> None:
    assert tree().above("group-x", frozenset({"Datacenter"})) == "dc"
    assert tree().above("dc", frozenset({"Datacenter"})) == "dc"
    assert tree().above("group-e", frozenset({"Datacenter"})) == ""


@pytest.mark.parametrize(
    ("given", "name"), [("a%2fb", "a/b"), ("a%2Fb%5cc", "a/b\\c"), ("100%25", "100%"), ("%252f", "%2f"), ("5%", "5%")]
)
def test_escapes_of_the_api_are_undone_once(given: str, name: str) -> None:
    assert true_name(given) == name
