from __future__ import annotations

import gzip
import socket
import threading
import time
import tracemalloc
from typing import Any

import pytest

from tests.vsphere.fake import ENVELOPE, Fake, Handler, fault, reply
from viguard.errors import LoginError, ReplyError, SessionLostError, UnreachableError
from viguard.vsphere.credentials import Login
from viguard.vsphere.endpoint import Endpoint
from viguard.vsphere.faults import Fault, GoneFault, InvalidPropertyFault, MethodNotFoundFault, NoPermissionFault
from viguard.vsphere.http import Limits, Link
from viguard.vsphere.reader import Reader
from viguard.vsphere.session import Session
from viguard.vsphere.soap import Connection, Ref, Reply, element, method, reference

THIS = Ref("Thing", "thing-1")
MIB = 1 << 20


def call(server: Fake, name: str = "Ask", limits: Limits = Limits(idle_s=5)) -> object:  # noqa: B008
    with Connection(server.endpoint, limits) as connection:
        return connection.call(method(name, THIS))


def test_what_goes_into_a_call_is_escaped() -> None:
    assert element("name", "a<b>&\x1b[2J") == "<name>a&lt;b&gt;&amp;\ufffd[2J</name>"
    assert reference("obj", Ref('T"x', "a&b")) == '<obj type="T&quot;x">a&amp;b</obj>'
    assert element("on", True) == "<on>true</on>"


@pytest.mark.parametrize(
    ("kind", "content", "error"),
    [
        ("InvalidLogin", "", LoginError),
        ("NotAuthenticated", "", SessionLostError),
        (
            "NoPermission",
            '<object type="Folder">g</object><privilegeId>Host.Config.Image</privilegeId>',
            NoPermissionFault,
        ),
        ("InvalidProperty", "<name>config.x</name>", InvalidPropertyFault),
        ("ManagedObjectNotFound", '<obj type="VirtualMachine">vm-7</obj>', GoneFault),
        ("MethodNotFound", "", MethodNotFoundFault),
        ("HostConnectFault", "", Fault),
    ],
)
def test_a_fault_is_an_error_of_its_own_type(fake: Fake, kind: str, content: str, error: type[Exception]) -> None:
    fake.script["Ask"] = fault(kind, content)
    with pytest.raises(error) as caught:
        call(fake)
    assert type(caught.value) is error
    if isinstance(caught.value, NoPermissionFault):
        assert caught.value.privilege == "Host.Config.Image"
    if isinstance(caught.value, InvalidPropertyFault):
        assert caught.value.name == "config.x"
    if isinstance(caught.value, GoneFault):
        assert caught.value.moid == "vm-7"


def test_a_packed_reply_is_read(fake: Fake) -> None:
    def packed(handler: Handler, _: str) -> None:
        assert handler.headers["Accept-Encoding"] == "gzip"
        handler.send(200, gzip.compress(reply("Ask", "<returnval>é</returnval>")), Content_Encoding="gzip")

    fake.script["Ask"] = packed
    assert call(fake).findtext("returnval") == "é"  # type: ignore[attr-defined]


@pytest.mark.parametrize("damage", ["middle", "end", "no gzip"])
def test_a_damaged_packed_reply_is_one_clear_error(fake: Fake, damage: str) -> None:
    whole = gzip.compress(reply("Ask", "<returnval>" + "text " * 500 + "</returnval>"))
    spoiled = {
        "middle": whole[:20] + b"\xff" * 8 + whole[28:],
        "end": whole[:-12],
        "no gzip": b"<html>a proxy's page</html>",
    }[damage]
    fake.script["Ask"] = lambda handler, _: handler.send(200, spoiled, Content_Encoding="gzip")
    with pytest.raises(ReplyError):
        call(fake)


def test_a_reply_that_says_it_is_a_gigabyte_is_not_read(fake: Fake) -> None:
    def huge(handler: Handler, _: str) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(1 << 30))
        handler.end_headers()

    fake.script["Ask"] = huge
    with pytest.raises(ReplyError, match="larger than 256 MiB"):
        call(fake)


def _gigabyte(handler: Handler, _: str) -> None:
    handler.send_response(200)
    handler.send_header("Transfer-Encoding", "chunked")
    handler.end_headers()
    block = b"x" * MIB
    try:
        for _number in range(1024):
            handler.wfile.write(b"%x\r\n%s\r\n" % (len(block), block))
    except OSError:
        handler.close_connection = True


def _packed_gigabyte(handler: Handler, _: str) -> None:
    handler.send_response(200)
    handler.send_header("Content-Encoding", "gzip")
    handler.send_header("Content-Length", str(len(BOMB)))
    handler.end_headers()
    handler.wfile.write(BOMB)


BOMB = gzip.compress(b"x" * (256 * MIB), 1)


@pytest.mark.parametrize("answer", [_gigabyte, _packed_gigabyte])
def test_an_endless_reply_ends_within_bounded_memory(fake: Fake, answer: object) -> None:
    fake.script["Ask"] = answer  # type: ignore[assignment]
    tracemalloc.start()
    try:
        with pytest.raises(ReplyError, match="larger than 8 MiB"):
            call(fake, limits=Limits(reply_bytes=8 * MIB, idle_s=5))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 48 * MIB


@pytest.mark.parametrize(("says", "at_most"), [(256 * MIB, 16 * MIB), (5, 44 * MIB)])
def test_a_packed_reply_that_is_too_large_is_refused_before_it_costs_its_limit_twice(says: int, at_most: int) -> None:
    bomb = BOMB[:-4] + says.to_bytes(4, "little")  # true, and a lie
    reply_ = Reply(bomb, "https://vc/sdk", packed=True, limit=32 * MIB)
    tracemalloc.start()
    try:
        with pytest.raises(ReplyError, match="larger than 32 MiB") as caught:
            reply_.body()
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < at_most
    assert "pages" not in caught.value.hint


@pytest.mark.parametrize("size", [0, 1, 4 * MIB - 1, 4 * MIB, 4 * MIB + 1, 9 * MIB])
@pytest.mark.parametrize("end", [b"", b"after the end"])
def test_a_packed_reply_is_the_same_whatever_its_size_and_whatever_follows_it(size: int, end: bytes) -> None:
    body = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
    assert Reply(gzip.compress(body, 1) + end, "w", packed=True, limit=16 * MIB).body() == body


@pytest.mark.parametrize("body", ["<html><body>500</body></html>", "Internal Server Error", "", "\x00"])
def test_http_500_without_a_fault_of_the_api_is_told_by_its_status(fake: Fake, body: str) -> None:
    fake.script["Ask"] = lambda handler, _: handler.send(500, body.encode())
    with pytest.raises(ReplyError, match="the server answers HTTP 500"):
        call(fake)


def test_an_account_without_a_role_is_told_so(fake: Fake) -> None:
    fake.script["Login"] = fault("NoPermission", "<object>group-d1</object><privilegeId>System.View</privilegeId>")
    with pytest.raises(LoginError) as caught, Session(Connection(fake.endpoint, Limits(idle_s=5)), Login("u", "p")):
        pass
    assert caught.value.message.startswith("user and password are right, but the account has no role on this server")
    assert "Read-only on the root folder" in caught.value.hint


def test_a_view_that_ended_with_its_session_is_made_again(fake: Fake) -> None:
    gone = fault("ManagedObjectNotFound", '<obj type="ContainerView">session[1]2</obj>')
    member = '<ManagedObjectReference type="HostSystem">host-1</ManagedObjectReference>'
    members = f"<propSet><name>view</name><val>{member}</val></propSet>"
    view = '<returnval><objects><obj type="ContainerView">session[1]2</obj>' + members + "</objects></returnval>"
    pages = [fault("NotAuthenticated"), reply("RetrievePropertiesEx", view)]
    fake.script |= {
        "CreateContainerView": reply("CreateContainerView", '<returnval type="ContainerView">session[1]2</returnval>'),
        "RetrievePropertiesEx": lambda _, __: pages.pop(0),
        "DestroyView": reply("DestroyView", ""),
    }
    with Session(Connection(fake.endpoint, Limits(idle_s=5)), Login("u", "p")) as session:
        assert Reader(session).survey(["HostSystem"]) == {"HostSystem": [Ref("HostSystem", "host-1")]}
    assert [c for c in fake.calls if c in {"Login", "CreateContainerView"}] == ["Login", "CreateContainerView"] * 2
    fake.script["RetrievePropertiesEx"] = gone
    with (
        Session(Connection(fake.endpoint, Limits(idle_s=5)), Login("u", "p")) as session,
        pytest.raises(SessionLostError, match="the server ended the session"),
    ):
        Reader(session).survey(["HostSystem"])


def test_a_silent_server_is_given_up(fake: Fake) -> None:
    fake.script["Ask"] = lambda _, __: time.sleep(2)
    with pytest.raises(ReplyError, match=r"no answer within 0\.3 seconds"):
        call(fake, limits=Limits(idle_s=0.3))


def test_a_dripping_server_is_given_up(fake: Fake) -> None:
    def drip(handler: Handler, _: str) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "100")
        handler.end_headers()
        try:
            for _number in range(100):
                handler.wfile.write(b"x")
                time.sleep(0.05)
        except OSError:
            handler.close_connection = True

    fake.script["Ask"] = drip
    with pytest.raises(ReplyError, match=r"took more than 0\.4 seconds"):
        call(fake, limits=Limits(idle_s=2, total_s=0.4))


def test_a_server_that_accepts_and_says_nothing_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        endpoint = Endpoint(host="127.0.0.1", port=silent.getsockname()[1])
        with pytest.raises(UnreachableError, match="no TLS connection"):
            Connection(endpoint, Limits(idle_s=0.3)).call(method("Ask", THIS))


def test_a_closed_port_is_unreachable_with_advice() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(UnreachableError) as caught:
        Connection(Endpoint(host="127.0.0.1", port=port)).call(method("Ask", THIS))
    assert caught.value.where == f"https://127.0.0.1:{port}/sdk"
    assert "firewalls" in caught.value.hint


def test_an_unknown_name_is_unreachable() -> None:
    with pytest.raises(UnreachableError, match="no connection"):
        Connection(Endpoint(host="does-not-exist.invalid")).call(method("Ask", THIS))


def test_a_reply_that_ends_early_is_an_error(fake: Fake) -> None:
    def half(handler: Handler, _: str) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "1000")
        handler.end_headers()
        handler.wfile.write(b"<half")
        handler.close_connection = True

    fake.script["Ask"] = half
    with pytest.raises(ReplyError, match="ended early"):
        call(fake)


def test_a_kept_alive_connection_that_the_server_closed_is_opened_again(fake: Fake) -> None:
    def closing(handler: Handler, _: str) -> bytes:
        handler.close_connection = True
        return reply("Ask", "<returnval>1</returnval>")

    fake.script["Ask"] = closing
    with Connection(fake.endpoint, Limits(idle_s=5)) as connection:
        for _ in range(3):
            assert connection.call(method("Ask", THIS)).findtext("returnval") == "1"


BILLION_LAUGHS = (
    '<!DOCTYPE b [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]>'
)
EXTERNAL = '<!DOCTYPE b [<!ENTITY a SYSTEM "file:///etc/passwd">]>'


@pytest.mark.parametrize("document_type", [BILLION_LAUGHS, EXTERNAL])
def test_a_document_type_is_refused(fake: Fake, document_type: str) -> None:
    body = ENVELOPE.format("<r>&a;</r>").replace("?>", f"?>{document_type}", 1)
    fake.script["Ask"] = body
    with pytest.raises(ReplyError, match="document type"):
        call(fake)


@pytest.mark.parametrize("body", ["", "<html><body>404</body></html>", "plain", "\x00\x01", ENVELOPE.format("")])
def test_what_is_no_soap_is_an_error(fake: Fake, body: str) -> None:
    fake.script["Ask"] = body
    with pytest.raises(ReplyError):
        call(fake)


def test_control_characters_and_bad_bytes_become_a_replacement_character(fake: Fake) -> None:
    fake.script["Ask"] = reply("Ask", "<returnval>a&#27;b&#x1B;c@d</returnval>").replace(b"@", b"\xff\xfe\x07")
    assert call(fake).findtext("returnval") == "a\ufffdb\ufffdc\ufffd\ufffd\ufffdd"  # type: ignore[attr-defined]


def test_the_session_is_closed_after_an_interrupt_in_the_middle_of_a_reply(
    fake: Fake, monkeypatch: pytest.MonkeyPatch
) -> None:
    entered = threading.Event()

    def slow(handler: Handler, _: str) -> None:
        entered.set()
        handler.send_response(200)
        handler.send_header("Content-Length", "10")
        handler.end_headers()

    fake.script["Ask"] = slow

    receive = Link._receive

    def interrupted(link: Link, *rest: Any) -> None:
        if entered.is_set():
            entered.clear()
            raise KeyboardInterrupt
        receive(link, *rest)

    monkeypatch.setattr(Link, "_receive", interrupted)
    with pytest.raises(KeyboardInterrupt), Session(Connection(fake.endpoint, Limits(idle_s=5)), Login("u", "p")) as s:
        s.call("Ask", THIS)
    assert fake.calls[-2:] == ["Ask", "Logout"]


def test_a_session_that_is_lost_is_taken_up_once(fake: Fake) -> None:
    answers = [fault("NotAuthenticated"), reply("Ask", "<returnval>1</returnval>"), fault("NotAuthenticated")]
    fake.script["Ask"] = lambda _, __: answers.pop(0)
    with Session(Connection(fake.endpoint, Limits(idle_s=5)), Login("u", "p")) as session:
        assert session.call("Ask", THIS).findtext("returnval") == "1"
        assert session.relogins == 1
        with pytest.raises(SessionLostError, match="twice"):
            session.call("Ask", THIS)
    assert fake.calls.count("Login") == 2


def test_a_password_is_in_no_message_and_no_representation(fake: Fake) -> None:
    fake.script["Login"] = fault("InvalidLogin")
    login = Login("anna", "s3cret&<")
    with pytest.raises(LoginError) as caught, Session(Connection(fake.endpoint), login):
        pass
    assert "s3cret" not in str(caught.value) + repr(login) + repr(caught.value)
    assert "<password>s3cret&amp;&lt;</password>" in fake.bodies[-1]
