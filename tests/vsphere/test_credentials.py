from __future__ import annotations

import os
from pathlib import Path

import pytest

from viguard.errors import InputError
from viguard.vsphere.credentials import Credentials, Entry, Login, load_credentials
from viguard.vsphere.endpoint import Endpoint, Trust, parse_endpoint

ONE = Endpoint(host="vc1.example")
FILE = """
servers:
  - {url: vc1.example, user: audit, password: "p:1", name: Main}
  - {url: "https://10.0.0.9:8443/sdk", user: root, password: x, legacy_tls: true, fingerprint: "%s"}
""" % ("ab" * 32)


def write(path: Path, text: str = FILE, mode: int = 0o600) -> Path:
    file = path / "credentials.yaml"
    file.write_text(text)
    file.chmod(mode)
    return file


@pytest.mark.parametrize(
    ("text", "url", "name"),
    [
        ("vc1.example", "https://vc1.example/sdk", ""),
        ("vc1.example:8443", "https://vc1.example:8443/sdk", ""),
        ("https://vc1.example/sdk", "https://vc1.example/sdk", ""),
        ("https://vc1.example/", "https://vc1.example/sdk", ""),
        ("Main=https://vc1.example", "https://vc1.example/sdk", "Main"),
        ("Main site=vc1.example", "https://vc1.example/sdk", "Main site"),
        ("https://[2001:db8::1]:444/sdk", "https://[2001:db8::1]:444/sdk", ""),
    ],
)
def test_an_address_may_be_written_in_several_ways(text: str, url: str, name: str) -> None:
    endpoint = parse_endpoint(text)
    assert (endpoint.url, endpoint.name) == (url, name)


@pytest.mark.parametrize(
    "text", ["https://u:hunter2@vc/sdk", "u:hunter2@vc", "Main=https://u:hunter2@vc", "https://u@vc"]
)
def test_a_password_in_an_address_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_endpoint(text)
    assert "must not hold" in str(caught.value)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    "text", ["http://vc/sdk", "ftp://vc", "https://", "https://vc:99999", "https://vc/ui", "https://vc/sdk?x=1"]
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        parse_endpoint(text)


def test_a_file_names_servers_with_their_trust(tmp_path: Path) -> None:
    credentials = Credentials(entries=load_credentials(write(tmp_path)), environment={})
    assert credentials.login(ONE) == Login("audit", "p:1")
    assert credentials.complete(ONE).name == "Main"
    other = credentials.complete(Endpoint(host="10.0.0.9", port=8443))
    assert other.trust == Trust(legacy=True, fingerprint="ab" * 32)


def test_the_caller_s_trust_and_name_win_over_the_file(tmp_path: Path) -> None:
    credentials = Credentials(entries=load_credentials(write(tmp_path)), environment={})
    asked = Endpoint(host="10.0.0.9", port=8443, name="Mine", trust=Trust(ca="mine.pem"))
    assert credentials.complete(asked) == asked


@pytest.mark.skipif(os.name != "posix", reason="modes are of POSIX")
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o666])
def test_a_file_that_others_may_read_is_refused(tmp_path: Path, mode: int) -> None:
    file = write(tmp_path, mode=mode)
    with pytest.raises(InputError, match="others may read") as caught:
        load_credentials(file)
    assert caught.value.hint == f"chmod 600 {file}"


@pytest.mark.parametrize(
    "text",
    [
        "servers: [{url: vc, user: u, password: hunter2, colour: red}]",
        "servers: [{url: vc, user: u}]",
        "servers: [{url: 'https://u:hunter2@vc', user: u, password: p}]",
        "servers: [password: hunter2",
        "- hunter2",
        "",
        "&a [*a, hunter2]",
        "\x01",
    ],
)
def test_a_mistake_in_the_file_is_told_without_its_content(tmp_path: Path, text: str) -> None:
    with pytest.raises(InputError) as caught:
        load_credentials(write(tmp_path, text))
    assert "credentials.yaml" in str(caught.value) or "must not hold" in str(caught.value)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "servers:\n  - url: vc\n    user: u\n    password: hunter2\n    password: hunter3\n",
            "credentials.yaml:5:5: the credentials file has the key 'password' a second time",
        ),
        (
            "servers: [{url: vc, user: u, password: hunter2}]\nservers: []\n",
            "credentials.yaml:2:1: the credentials file has the key 'servers' a second time",
        ),
        (
            "servers: [{hunter2: 1, hunter2: 2}]\n",
            "credentials.yaml:1:24: the credentials file has a key a second time",
        ),
    ],
)
def test_a_key_that_stands_twice_is_refused_where_it_stands(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(InputError) as caught:
        load_credentials(write(tmp_path, text))
    assert said in str(caught.value)
    assert "hunter" not in str(caught.value)


def test_the_environment_is_used_before_anybody_is_asked() -> None:
    own = Credentials(environment={"VIGUARD_USER": "a", "VIGUARD_PASSWORD": "b", "GOVC_USERNAME": "c"})
    assert own.login(ONE) == Login("a", "b")
    assert Credentials(environment={"GOVC_USERNAME": "c", "GOVC_PASSWORD": "d"}).login(ONE) == Login("c", "d")


def test_what_is_missing_is_asked_for() -> None:
    asked: list[str] = []

    def ask(question: str) -> str:
        asked.append(question)
        return "secret" if "Password" in question else "anna"

    assert Credentials(environment={}, ask=ask).login(ONE) == Login("anna", "secret")
    assert Credentials(environment={"VIGUARD_USER": "bert"}, ask=ask).login(ONE) == Login("bert", "secret")
    assert Credentials(environment={}, ask=ask, user="carl").login(ONE) == Login("carl", "secret")
    assert [q.split()[0] for q in asked] == ["User", "Password", "Password", "Password"]


def test_a_password_of_another_user_is_not_used() -> None:
    environment = {"VIGUARD_USER": "bert", "VIGUARD_PASSWORD": "b"}
    assert Credentials(environment=environment, user="carl", ask=lambda _: "c").login(ONE) == Login("carl", "c")
    assert Credentials(environment={"VIGUARD_PASSWORD": "b"}, user="carl").login(ONE) == Login("carl", "b")


def test_nobody_to_ask_is_an_error_with_advice() -> None:
    with pytest.raises(InputError, match="no user and password") as caught:
        Credentials(environment={}).login(ONE)
    assert "VIGUARD_USER" in caught.value.hint


def test_govc_insecure_is_not_followed_and_that_is_said() -> None:
    assert "not followed" in Credentials(environment={"GOVC_INSECURE": "1"}).notices()[0]
    assert Credentials(environment={"GOVC_INSECURE": "0"}).notices() == []


@pytest.mark.parametrize(
    ("url", "source"),
    [
        ("https://u:p@vc/sdk", "https://vc/sdk"),
        ("u:p@vc", "vc"),
        ("vc", "vc"),
        ("", ""),
        ("https://u:p/@vc/sdk", "https://vc/sdk"),
    ],
)
def test_govc_url_names_a_source_without_its_credential(url: str, source: str | None) -> None:
    found = Credentials(environment={"GOVC_URL": url}).default_source()
    assert found == source


def test_no_password_shows_in_a_representation() -> None:
    entry = Entry(url="vc", user="u", password="hunter2")
    assert "hunter2" not in repr(entry) + str(entry) + repr(Login("u", "hunter2")) + repr((entry,))


IN_URL = {"GOVC_URL": "https://EXAMPLE%5Caudit:p%2F1%40x@vc1.example/sdk"}


@pytest.mark.parametrize(
    ("more", "login"),
    [
        ({}, Login("EXAMPLE\\audit", "p/1@x")),
        ({"GOVC_PASSWORD": "newer"}, Login("EXAMPLE\\audit", "newer")),
        ({"GOVC_USERNAME": "c", "GOVC_PASSWORD": "d"}, Login("c", "d")),
        ({"VIGUARD_USER": "a", "VIGUARD_PASSWORD": "b"}, Login("a", "b")),
        ({"GOVC_USERNAME": "c"}, Login("c", "asked")),
        ({"GOVC_URL": "EXAMPLE%5Caudit:p%2F1%40x@vc1.example"}, Login("EXAMPLE\\audit", "p/1@x")),
        ({"GOVC_URL": "https://anna@vc1.example"}, Login("anna", "asked")),
        ({"GOVC_URL": "https://anna:slash/ed@vc1.example:443/sdk"}, Login("anna", "slash/ed")),
    ],
)
def test_a_credential_in_govc_url_is_used_for_its_server(more: dict[str, str], login: Login) -> None:
    credentials = Credentials(environment={**IN_URL, **more}, ask=lambda _: "asked")
    assert credentials.login(ONE) == login


@pytest.mark.parametrize("url", ["https://u:p@vc1.example:8443", "https://u:p@vc2.example", "https://u:p@[", "u:p@"])
def test_a_credential_in_govc_url_goes_to_no_other_server(url: str) -> None:
    with pytest.raises(InputError, match="no user and password"):
        Credentials(environment={"GOVC_URL": url}).login(ONE)


def test_a_credential_in_govc_url_is_not_that_of_another_user() -> None:
    credentials = Credentials(environment=IN_URL, user="carl", ask=lambda _: "asked")
    assert credentials.login(ONE) == Login("carl", "asked")


def test_govc_tls_ca_certs_counts_where_nobody_names_an_authority(tmp_path: Path) -> None:
    environment = {"GOVC_TLS_CA_CERTS": "/etc/ours.pem"}
    credentials = Credentials(entries=load_credentials(write(tmp_path)), environment=environment)
    assert credentials.complete(ONE).trust == Trust(ca="/etc/ours.pem")
    named = Endpoint(host="vc1.example", trust=Trust(ca="mine.pem"))
    assert credentials.complete(named) == Endpoint(host="vc1.example", name="Main", trust=Trust(ca="mine.pem"))
    pinned = Trust(legacy=True, fingerprint="ab" * 32)
    assert credentials.complete(Endpoint(host="10.0.0.9", port=8443)).trust == pinned
    legacy = Endpoint(host="vc3.example", trust=Trust(legacy=True))
    assert credentials.complete(legacy).trust == Trust(legacy=True, ca="/etc/ours.pem")
