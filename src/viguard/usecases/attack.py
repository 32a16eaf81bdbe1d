"""Attack paths of an estate."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import IO

from viguard.assess import controls as catalogue
from viguard.attack.answers import Answer, Asked
from viguard.attack.names import named
from viguard.attack.render import opengraph, svg, text
from viguard.model.facts import Struct
from viguard.model.inventory import Inventory
from viguard.policy.load import load as load_policy
from viguard.policy.policy import NO_POLICY
from viguard.usecases import show
from viguard.usecases.demo import RECORDED
from viguard.usecases.enforced import Rules
from viguard.usecases.person import Person
from viguard.usecases.sources import Sources, load_file, open_estate

INCOMPLETE, FINDINGS = 4, 3


class Request(Struct, frozen=True, kw_only=True):
    """Which estate to ask: sources, or the demo's recording (as of 2010, or as of today)."""

    sources: Sources
    policy: Path | None = None
    demo: bool = False
    today: bool = False


class Opened:
    """An estate with its attack graph."""

    def __init__(self, request: Request, person: Person) -> None:
        """Reads the estate.

        Raises:
            ViguardError: a source or the policy cannot be read.
        """
        if request.demo or request.today:
            folder = resources.files("viguard").joinpath(RECORDED)
            with resources.as_file(folder) as place:
                name = "belnet-today.snap" if request.today else "belnet.snap"
                self.inventory: Inventory = load_file(place / name)
                policy = load_policy(request.policy or place / "policy.yaml", catalogue.load())
        else:
            policy = load_policy(request.policy, catalogue.load()) if request.policy else NO_POLICY
            self.inventory = open_estate(request.sources, person).inventory
        person.progress("drawing attack paths", 0, 0)
        self.graph = Rules(self.inventory, policy).drawn()
        self._asked = Asked(self.graph)

    def from_(self, guest: str) -> Answer:
        """What a compromised guest reaches."""
        return self._asked.reach(f"What does {guest} reach, once compromised?", self._named(guest))

    def to(self, target: str) -> Answer:
        """Which guests reach a target."""
        return self._asked.exposure(f"Which guests reach {target}?", self._named(target))

    def between(self, source: str, target: str) -> Answer:
        """A shortest path."""
        question = f"How does one get from {source} to {target}?"
        return self._asked.between(question, self._named(source), self._named(target))

    def blast(self, thing: str) -> Answer:
        """What a leaked credential, or every host of a cluster or datacenter, opens."""
        return self._asked.reach(f"What does {thing} open, once an attacker has it?", self._named(thing))

    def cut(self, sources: tuple[str, ...], targets: tuple[str, ...], *, possible: bool) -> Answer:
        """The cheapest actions that separate sources from targets."""
        question = f"What separates {', '.join(sources)} from {', '.join(targets)}?"
        starts = [n for s in sources for n in self._named(s)]
        ends = [n for t in targets for n in self._named(t)]
        return self._asked.separate(question, starts, ends, possible=possible)

    def exit_code(self, answer: Answer, *, fail: bool) -> int:
        """3 when a path is shown and the caller wants to fail on one, 4 when the reading was incomplete, else 0."""
        if fail and answer.found:
            return FINDINGS
        return 0 if self.inventory.complete else INCOMPLETE

    def write(self, answer: Answer, format_: str, stream: IO[bytes]) -> None:
        """The answer in a format; ``opengraph`` is the whole graph."""
        if format_ == "json":
            stream.write(text.document(answer, self.graph))
        elif format_ == "opengraph":
            stream.write(opengraph.document(self.graph))
        elif format_ == "svg":
            stream.write(svg.drawing(answer).encode())
        else:
            show.lines(text.lines(answer, self.graph), stream, nothing="")

    def _named(self, name: str) -> list[str]:
        return named(self.graph, self.inventory, name)


__all__ = ["Answer", "Opened", "Request"]
