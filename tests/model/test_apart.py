from __future__ import annotations

from datetime import UTC, datetime

import pytest

from viguard.model.apart import apart_notes, names_apart, told_apart
from viguard.model.facts import escape
from viguard.model.guest import Guest
from viguard.model.inventory import Inventory
from viguard.model.server import Server
from viguard.model.snapshot import Gap, Source

AT = datetime(2026, 3, 1, tzinfo=UTC)
A, B = "aaaaaaaa-1111-2222-3333-444444444444", "bbbbbbbb-1111-2222-3333-444444444444"


def server(id_: str, name: str, url: str = "https://10.0.0.1/sdk") -> Server:
    return Server(id=id_, name=name, path=f"/{name}", server=id_, url=url)


def estate(id_: str, name: str, url: str) -> Inventory:
    vcenter = Server(id=id_, name=name, path=f"/{escape(name)}", server=id_, url=url)
    return Inventory(
        [vcenter, Guest(id=f"{id_}:vm-1", name="www1", path=f"{vcenter.path}/DC/www1", server=id_)],
        read_at=AT,
        sources=[Source(server=id_, name=name, url=url)],
        gaps=[Gap(path=f"/{name}/DC/www1", what="config", reason="no permission")],
    )


@pytest.mark.parametrize(
    ("servers", "names"),
    [
        ([server(A, "vc"), server(B, "other")], {}),
        ([server(A, "vc"), server(A, "vc")], {}),  # one server, named by its record and its source
        (
            [server(A, "vc", "https://10.0.0.1/sdk"), server(B, "vc", "https://10.0.0.1:8443/sdk"), server("c", "x")],
            {A: "vc@10.0.0.1", B: "vc@10.0.0.1:8443"},
        ),
        ([server(A, "vc"), server(B, "vc")], {A: "vc@aaaaaaaa", B: "vc@bbbbbbbb"}),  # one address: a tunnel
        ([server("same-beginning-1", "vc"), server("same-beginning-2", "vc")], None),
        ([server(A, "vc", "https://h/"), server(B, "vc", "https://i/"), server("c", "vc@h")], None),
    ],
)
def test_only_servers_that_share_a_name_get_one_of_their_own(
    servers: list[Server], names: dict[str, str] | None
) -> None:
    found = names_apart(servers)
    assert found == names_apart(reversed(servers))
    if names is not None:
        assert found == names
    else:
        final = [found.get(s.id, s.name) for s in servers]
        assert len(set(final)) == len(servers)


def test_paths_sources_and_gaps_follow() -> None:
    one, two = told_apart([estate(A, "v/c", "https://one/sdk"), estate(B, "v/c", "https://two/sdk")])
    assert [g.path for g in (*one.guests, *two.guests)] == ["/v%2fc@one/DC/www1", "/v%2fc@two/DC/www1"]
    assert [s.path for s in (*one.servers, *two.servers)] == ["/v%2fc@one", "/v%2fc@two"]
    assert [s.name for s in (*one.sources, *two.sources)] == ["v/c@one", "v/c@two"]


def test_gaps_of_each_server_follow_its_name() -> None:
    one, two = told_apart([estate(A, "vc", "https://one/sdk"), estate(B, "vc", "https://two/sdk")])
    assert [g.path for g in (*one.gaps, *two.gaps)] == ["/vc@one/DC/www1", "/vc@two/DC/www1"]


def test_names_that_differ_are_left_alone() -> None:
    before = [estate(A, "vc-a", "https://one/sdk"), estate(B, "vc-b", "https://one/sdk")]
    assert told_apart(before) == before
    assert apart_notes(before[0]) == []


def test_a_person_is_told_what_they_are_called_here() -> None:
    one, two = told_apart([estate(A, "vc", "https://one/sdk"), estate(B, "vc", "https://two/sdk")])
    both = Inventory([*one.by_id.values(), *two.by_id.values()], read_at=AT)
    (note,) = apart_notes(both)
    assert note.startswith("2 servers have the name vc: here they are vc@one, vc@two, in paths, too;")
