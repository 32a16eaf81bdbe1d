"""Access lists of a SAN, as they were written by hand."""

from __future__ import annotations

from tests.network.office import golden
from viguard.network.render.san import Access, equallogic, table

ROWS = (
    Access(volume="vmfs-01", address="10.5.0.11", initiator="iqn.1998-01.com:esx1", chap_user="esx1"),
    Access(volume="vmfs-01", address="10.5.0.12", chap_user="esx2"),
    Access(volume="backup", address="10.6.0.0/24"),
)
NO_CHAP = "backup, 10.6.0.*: without CHAP whoever takes such an address reads the volume"


def test_the_table() -> None:
    told = table(ROWS)
    assert told.text == golden("san/table.txt")
    assert told.residual == (NO_CHAP,)


def test_equallogic() -> None:
    told = equallogic(ROWS)
    assert told.text == golden("san/equallogic.txt")
    assert told.residual == (NO_CHAP,)


def test_networks_that_end_within_a_number_and_hostile_names_are_left() -> None:
    rows = (
        Access(volume="a", address="10.5.0.0/23", chap_user="x"),
        Access(volume="b\nvolume delete a", address="10.5.0.1", chap_user="x"),
        Access(volume="c", address="2001:db8::/64", chap_user="x"),
        Access(volume="d", address="10.5.0.300", chap_user="x"),
        Access(volume="e", address="10.5.0.1", chap_user="x y"),
        Access(volume="f", address="0.0.0.0/0", chap_user="x"),
    )
    told = equallogic(rows)
    assert len(told.text.splitlines()) == 1
    assert told.residual == (
        "a, 10.5.0.0/23: a network has to end between two numbers; left out",
        "b\\u000avolume delete a, 10.5.0.1: a name with other signs than letters, digits, . : _ and -; left out",
        "c, 2001:db8::/64: a network has to end between two numbers; left out",
        "d, 10.5.0.300: this is no address; left out",
        "e, 10.5.0.1: a name with other signs than letters, digits, . : _ and -; left out",
        "f, 0.0.0.0/0: every address is no list; left out",
    )
