"""Answers as servers and the things between spell them, over real TLS."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.vsphere.fake import Fake, Handler, reply
from viguard.errors import ReplyError, UnreachableError
from viguard.vsphere.endpoint import Endpoint
from viguard.vsphere.http import Limits, Link

BODY = reply("Ask", "<returnval>1</returnval>")


def raw(*parts: bytes, close: bool = False) -> object:
    """An answer that is written as it stands."""

    def answer(handler: Handler, _: str) -> None:
        handler.wfile.write(b"".join(parts))
        handler.close_connection = close

    return answer


def ask(link: Link) -> bytes:
    return link.exchange("POST", "/sdk", {}, b"<soapenv:Body><Ask/>").body


@pytest.fixture
def link(fake: Fake) -> Iterator[Link]:
    link = Link(fake.endpoint, Limits(reply_bytes=1 << 20, idle_s=5))
    yield link
    link.close()


WHOLE = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(BODY) + BODY
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n3\r\nabc\r\n0\r\n\r\n" % (len(BODY), BODY)


def test_chunks_are_joined(fake: Fake, link: Link) -> None:
    fake.script["Ask"] = raw(CHUNKED)  # type: ignore[assignment]
    assert [ask(link), ask(link)] == [BODY + b"abc"] * 2


def test_what_comes_before_the_answer_is_not_the_answer(fake: Fake, link: Link) -> None:
    fake.script["Ask"] = raw(b"HTTP/1.1 100 Continue\r\nX: y\r\n\r\n", WHOLE)  # type: ignore[assignment]
    assert ask(link) == BODY


def test_what_comes_after_the_answer_answers_nothing(fake: Fake, link: Link) -> None:
    answers = [WHOLE + WHOLE.replace(b"<returnval>1", b"<returnval>2"), CHUNKED]
    fake.script["Ask"] = lambda handler, _: handler.wfile.write(answers.pop(0)) and None
    assert ask(link) == BODY
    assert ask(link) == BODY + b"abc"


def test_the_end_of_the_connection_ends_an_answer_without_length(fake: Fake, link: Link) -> None:
    fake.script["Ask"] = raw(b"HTTP/1.0 200 OK\r\n\r\n", BODY, close=True)  # type: ignore[assignment]
    assert [ask(link), ask(link)] == [BODY] * 2


def test_a_server_that_closes_after_each_answer_is_asked_anew(fake: Fake, link: Link) -> None:
    fake.script["Ask"] = raw(WHOLE.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"), close=True)  # type: ignore[assignment]
    assert [ask(link), ask(link)] == [BODY] * 2


@pytest.mark.parametrize(
    "spoiled",
    [CHUNKED[:-5], CHUNKED[:80], b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n", WHOLE[:-1]],
    ids=["no last chunk", "in a chunk", "in the head", "a byte short"],
)
def test_an_answer_that_stops_is_an_error(fake: Fake, link: Link, spoiled: bytes) -> None:
    fake.script["Ask"] = raw(spoiled, close=True)  # type: ignore[assignment]
    with pytest.raises(ReplyError, match="ended early"):
        ask(link)


@pytest.mark.parametrize(
    "strange",
    [
        b"SSH-2.0-dropbear\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
    ],
)
def test_what_is_no_http_is_said_to_be_none(fake: Fake, link: Link, strange: bytes) -> None:
    fake.script["Ask"] = raw(strange, close=True)  # type: ignore[assignment]
    with pytest.raises(UnreachableError, match="no HTTP"):
        ask(link)
    fake.script["Ask"] = raw(WHOLE)  # type: ignore[assignment]
    assert ask(link) == BODY


def test_an_endless_head_is_refused(fake: Fake, link: Link) -> None:
    head = b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 20_000
    fake.script["Ask"] = raw(head, close=True)  # type: ignore[assignment]
    with pytest.raises(ReplyError, match="refused"):
        ask(link)


@pytest.mark.parametrize("bad", ["a\r\nX: y", "a\x00", "é"])
def test_nothing_is_smuggled_into_a_request(fake: Fake, link: Link, bad: str) -> None:
    with pytest.raises(ReplyError, match="HTTP forbids"):
        link.exchange("POST", "/sdk", {"Cookie": bad}, b"")
    with pytest.raises(ReplyError, match="HTTP forbids"):
        link.exchange("GET", f"/rest/{bad}", {})
    assert fake.calls == []


@pytest.mark.parametrize("host", ["a" * 64 + ".example", "vcenter..example", "\ud800.example"])
def test_what_is_no_name_of_a_host_is_said_to_be_none(host: str) -> None:
    with pytest.raises(UnreachableError, match="no name of a host"):
        Link(Endpoint(host=host))
