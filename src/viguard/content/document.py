"""A content file as tables and lists that know where they stand. A mistake here is a defect of a release."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, cast

import yaml

from viguard.errors import ContentError

_LOADER: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Table(dict[str, Any]):
    """A mapping of a content file; ``where`` is its file and line."""

    where: str = ""

    def check(self, known: Collection[str], required: Collection[str] = ()) -> None:
        """Raises: ContentError for a key that is not known, or a required one that is missing."""
        for key in self:
            if key not in known:
                raise ContentError(f"unknown key {key!r}", where=self.where, hint="known: " + ", ".join(sorted(known)))
        for key in required:
            if key not in self:
                raise ContentError(f"{key!r} is missing", where=self.where)


def parse(text: str, file: str) -> Any:
    """The one document of a content file: scalars, lists and ``Table``.

    Raises: ContentError with file and line when it is no YAML, or a key is there twice or is no text.
    """
    loader = _LOADER(text)
    try:
        node = loader.get_single_node()
        return _value(node, loader, file, frozenset()) if node is not None else None
    except yaml.MarkedYAMLError as err:
        line = err.problem_mark.line + 1 if err.problem_mark else 1
        raise ContentError(str(err.problem), where=f"{file}:{line}") from err
    finally:
        cast("Any", loader).dispose()


def _value(node: yaml.Node, loader: yaml.SafeLoader, file: str, above: frozenset[int]) -> Any:
    if id(node) in above:
        raise ContentError("an alias to itself", where=_where(node, file))
    if isinstance(node, yaml.MappingNode):
        return _table(node, loader, file, above | {id(node)})
    if isinstance(node, yaml.SequenceNode):
        return [_value(item, loader, file, above | {id(node)}) for item in node.value]
    return loader.construct_object(node)


def _table(node: yaml.MappingNode, loader: yaml.SafeLoader, file: str, above: frozenset[int]) -> Table:
    table = Table()
    table.where = _where(node, file)
    for key_node, value_node in node.value:
        key = loader.construct_object(key_node)
        if not isinstance(key, str):
            raise ContentError(f"the key {key!r} is no text", where=_where(key_node, file), hint="put it in quotes")
        if key in table:
            raise ContentError(f"duplicate key {key!r}", where=_where(key_node, file))
        table[key] = _value(value_node, loader, file, above)
    return table


def _where(node: yaml.Node, file: str) -> str:
    return f"{file}:{node.start_mark.line + 1}"
