"""The tables that controls look up, read from the files beside this module."""

from __future__ import annotations

from functools import cache
from typing import TypeVar

import msgspec
import yaml

from viguard import content
from viguard.errors import ContentError
from viguard.model.tables import FlowRow, PortRow, SupportEnd, Tables

T = TypeVar("T")


@cache
def load_tables() -> Tables:
    """Ports that may be open and ends of support.

    Raises:
        ContentError: a file does not hold what the model asks for.
    """
    ports = _rows("ports.yaml", "ports", tuple[PortRow, ...])
    support = _rows("lifecycle.yaml", "support", tuple[SupportEnd, ...])
    return Tables(ports=ports, support=support)


@cache
def load_flows() -> tuple[FlowRow, ...]:
    """Who opens connections to whom in a virtual infrastructure.

    Raises:
        ContentError: as above.
    """
    return _rows("flows.yaml", "flows", tuple[FlowRow, ...])


def _rows(name: str, key: str, shape: type[T]) -> T:
    try:
        return msgspec.convert(yaml.safe_load(content.text(name))[key], shape, strict=True)
    except (yaml.YAMLError, KeyError, TypeError, msgspec.ValidationError) as error:
        raise ContentError(str(error), where=name, hint="Reinstall viguard.") from error
