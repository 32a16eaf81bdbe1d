"""Patterns that are compiled in another spelling mean the same."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viguard.logs.classes import carriers, classes
from viguard.logs.formats import written
from viguard.logs.patterns import fast, spelt_out

EVERY_BYTE = bytes(range(256))


@pytest.mark.parametrize(
    "pattern",
    [
        rb"\w", rb"\d", rb"\s", rb"\W", rb"\D", rb"\S", rb"[\w.-]", rb"[^\s\[\]:<>\"'|=(]", rb"[^\d]", rb"[]\d]",
        rb"[^]\w]", rb"[\W\d]", rb"\\w", rb"[\\w]", rb"\[\w\]", rb"[\]\s]", rb"\x41|\.", rb"[\x00-\x1f\s]",
    ],
)  # fmt: skip
def test_another_spelling_fits_the_same_bytes(pattern: bytes) -> None:
    for byte in EVERY_BYTE:
        one = bytes([byte])
        assert bool(re.fullmatch(pattern, one)) == bool(fast(pattern).fullmatch(one)), one
        assert bool(re.search(pattern, b"\\" + one)) == bool(fast(pattern).search(b"\\" + one)), one


def test_nothing_that_costs_a_call_is_left() -> None:
    assert spelt_out(rb"(?P<pid>\w{1,20})[\w./-]+\S \[\d\]") == (
        rb"(?P<pid>[0-9A-Za-z_]{1,20})[0-9A-Za-z_./-]+[^ \t\n\r\f\v] \[[0-9]\]"
    )


def test_a_mistake_is_told_in_the_words_of_the_author() -> None:
    with pytest.raises(re.error) as caught:
        fast(rb"(\w+")
    assert caught.value.pattern == rb"(\w+"


def test_every_pattern_of_the_content_is_one_as_it_is_written() -> None:
    """A set such as ``[\\w-a]`` is none, but would be one in the other spelling."""
    file = written()
    patterns = [w.pattern for w in (*file.headers, *file.origins)]
    patterns += [line.pattern for kind in classes().values() for line in (*kind.lines, *kind.says)]
    patterns += [form.pattern for form in carriers()]
    assert len(patterns) > 200
    for pattern in patterns:
        re.compile(pattern.encode())


@given(st.lists(st.sampled_from([rb"\w", rb"\S", rb"[\d:]", rb"[^\s,]", rb"a", rb" ", rb"\\", rb"\["])), st.binary())
def test_searches_agree(parts: list[bytes], data: bytes) -> None:
    pattern = b"".join(parts)
    found, fast_found = re.search(pattern, data), fast(pattern).search(data)
    assert (found and found.span()) == (fast_found and fast_found.span())
