"""Fresh servers for each module of planted faults, and the rule that a test proves what it says it proves."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import lab

pytest.register_assert_rewrite("tests.acceptance.plant.harness")  # so that a failure shows what differs

from tests.acceptance.plant.harness import Bench  # noqa: E402

PASSED = pytest.StashKey[bool]()


@pytest.fixture(scope="session")
def proven() -> set[str]:
    """Controls whose planted findings appeared and went, in the test that runs."""
    return set()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    outcome = yield
    item.stash[PASSED] = call.when == "call" and outcome.get_result().passed


@pytest.fixture(autouse=True)
def kept_promise(request: pytest.FixtureRequest, proven: set[str]) -> Iterator[None]:
    """A test that names controls has planted the fault of each."""
    proven.clear()
    yield
    named = {control for mark in request.node.iter_markers("proves") for control in mark.args}
    assert not request.node.stash.get(PASSED, False) or named <= proven, (
        f"never planted: {', '.join(sorted(named - proven))}"
    )


@pytest.fixture(scope="session")
def lab_parts() -> None:
    """Skip, naming the part, when this machine cannot build the lab."""
    if missing := lab.missing_parts():
        pytest.skip("the lab needs " + " and ".join(missing))


def _server(name: str) -> Iterator[lab.Endpoint]:
    with lab.clean(name) as estate:
        yield estate[name]


@pytest.fixture(scope="module")
def main(lab_parts: None, proven: set[str]) -> Iterator[Bench]:
    """A fresh VirtualCenter 2.5 with ESX 3.5."""
    for server in _server("vc-main"):
        yield Bench(server, proven=proven)


@pytest.fixture(scope="module")
def four(lab_parts: None, proven: set[str]) -> Iterator[Bench]:
    """A fresh vCenter 4.0 with ESX and ESXi 4.0."""
    for server in _server("vc-test"):
        yield Bench(server, proven=proven)


@pytest.fixture(scope="module")
def today(lab_parts: None, proven: set[str]) -> Iterator[Bench]:
    """A fresh vCenter 8.0.2."""
    for server in _server("vc-today"):
        yield Bench(server, proven=proven)
