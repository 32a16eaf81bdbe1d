"""YAML that a policy file may not hold, each with the message that a user sees."""

from pathlib import Path

import pytest

from viguard.errors import PolicyError
from viguard.policy.source import MAX_BYTES, Mistakes, Table, Text, decode, parse, read_text


def mistakes_of(text: str) -> list[str]:
    mistakes = Mistakes("p.yaml")
    parse(text, mistakes)
    return mistakes.lines


def test_positions_count_from_one_in_characters() -> None:
    tree = parse("é:\n  ü: x\n", Mistakes("p.yaml"))
    assert isinstance(tree, Table)
    inner = tree.get("é")
    assert isinstance(inner, Table)
    value = inner.get("ü")
    assert isinstance(value, Text)
    assert (value.line, value.column, value.value) == (2, 6, "x")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: &x 1\n", "p.yaml:1:4: the anchor '&x' is not allowed; remove it and write the value out"),
        ("a: 1\na: 2\n", "p.yaml:2:1: the key 'a' stands here a second time (first in line 1); remove one of them"),
        ("a:\n\t- 1\n", "p.yaml:2:1: a tab indents this line; indent with spaces"),
        ("a: 1\n---\nb: 2\n", "p.yaml:2:1: a second document starts here; keep one document: remove '---'"),
        (
            "a: !!python/object:os.system x\n",
            (
                "p.yaml:1:4: the tag 'tag:yaml.org,2002:python/object:os.system' is not allowed; "
                "remove it, the key says the type"
            ),
        ),
        ("ok: 1\nb: \x00\n", 'p.yaml:2:4: the character U+0000 is not allowed; remove it, or write it as "\\x…"'),
        ("b: \x1b[2J\n", 'p.yaml:1:4: the character U+001B is not allowed; remove it, or write it as "\\x…"'),
        ("[" * 50_000, "p.yaml:1:21: nested deeper than 20 levels; a policy has few levels"),
        ("- " * 50_000, "p.yaml:1:41: nested deeper than 20 levels; a policy has few levels"),
        ("{" * 50_000, "p.yaml:1:21: nested deeper than 20 levels; a policy has few levels"),
        ("[a, b]: 1\n", "p.yaml:1:1: a key must be a text; write 'key: value'"),
    ],
)
def test_what_is_refused(text: str, expected: str) -> None:
    assert mistakes_of(text) == [expected]


def test_an_alias_and_its_anchor_are_two_mistakes() -> None:
    assert mistakes_of("a: &x [1]\nb: *x\n") == [
        "p.yaml:1:4: the anchor '&x' is not allowed; remove it and write the value out",
        "p.yaml:2:4: the alias '*x' is not allowed; write the value out",
    ]


def test_a_billion_laughs_is_refused_at_once() -> None:
    rows = ["a0: &a0 [x, x]"] + [f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]" for n in range(1, 60)]
    assert mistakes_of("\n".join(rows))[0].startswith("p.yaml:1:5: the anchor '&a0' is not allowed")


def test_a_syntax_error_says_where() -> None:
    (mistake,) = mistakes_of("a: [1\nb: 2\n")
    assert mistake.startswith("p.yaml:2:2: not YAML: ")
    assert mistake.endswith("; check colons, quotes, brackets and the indentation here and in the line above")


def test_a_hostile_key_cannot_write_to_the_terminal() -> None:
    (mistake,) = mistakes_of('"\\e[2J\\u202e": 1\n"\\e[2J\\u202e": 2\n')
    assert mistake.startswith("p.yaml:2:1: the key '\\x1b[2J\\u202e' stands here a second time")


def test_an_empty_file_is_no_mistake() -> None:
    assert mistakes_of("# nothing yet\n") == []


def test_not_utf8() -> None:
    with pytest.raises(PolicyError) as caught:
        decode(b"a: 1\nname: Li\xe8ge\n", "p.yaml")
    assert caught.value.mistakes == ["p.yaml:2:9: byte 0xe8 is not UTF-8; save the file as UTF-8"]


def test_a_byte_order_mark_is_no_part_of_the_first_key() -> None:
    tree = parse(decode(b"\xef\xbb\xbfa: 1", "p.yaml"), Mistakes("p.yaml"))
    assert isinstance(tree, Table)
    assert tree.entries[0][0].value == "a"


def test_a_file_of_ten_megabytes(tmp_path: Path) -> None:
    path = tmp_path / "policy.yaml"
    path.write_bytes(b"# " + b"x" * 10_000_000)
    with pytest.raises(PolicyError) as caught:
        read_text(path)
    assert caught.value.mistakes == [f"{path}:1:1: the file is larger than 2 MB; a policy is a small text file"]
    assert MAX_BYTES == 2_000_000


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(PolicyError) as caught:
        read_text(tmp_path / "none.yaml")
    assert caught.value.mistakes == [
        f"{tmp_path / 'none.yaml'}: cannot be read: No such file or directory; check the path and its permissions"
    ]


def test_a_directory_in_place_of_a_file(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match="cannot be read"):
        read_text(tmp_path)
