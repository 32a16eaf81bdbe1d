"""YAML documents with the position of everything in them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

MAX_BYTES = 1_000_000
_MAX_NODES = 100_000
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class YamlError(ValueError):
    """No YAML that can be used; ``line`` and ``column`` count from 1."""

    def __init__(self, message: str, line: int = 1, column: int = 1) -> None:
        super().__init__(message)
        self.line, self.column = line, column


@dataclass(frozen=True, slots=True)
class Document:
    """One YAML document as plain values, and where its parts stand."""

    value: Any
    node: yaml.Node

    def at(self, *path: str | int) -> tuple[int, int]:
        """Line and column of a key or item, of the deepest part of the path that is there; from 1."""
        node, found = self.node, self.node
        for step in path:
            if isinstance(node, yaml.MappingNode):
                pair = next((pair for pair in node.value if pair[0].value == str(step)), None)
                if pair is None:
                    break
                found, node = pair
            elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
                found = node = node.value[step]
            else:
                break
        return found.start_mark.line + 1, found.start_mark.column + 1


def documents(text: str) -> Iterator[Document]:
    """The documents of a file, empty ones left out.

    Raises: YamlError at the first that is no YAML, has aliases or keys that are there twice.
    """
    if len(text) > MAX_BYTES:
        raise YamlError(f"the file is larger than {MAX_BYTES // 1_000_000} MB")
    try:
        loader = _LOADER(text)
        while loader.check_node():
            node = loader.get_node()
            _check(node)
            value = loader.construct_document(node)
            if value is not None:
                yield Document(value, node)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        raise YamlError(f"no YAML: {error.problem or error.context}", *where) from error
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        if isinstance(error, YamlError):
            raise
        raise YamlError(f"no YAML: {str(error).splitlines()[0] if str(error) else 'nested too deeply'}") from error


def _check(root: yaml.Node) -> None:
    waiting, seen = [root], set()
    while waiting:
        node = waiting.pop()
        mark = (node.start_mark.line + 1, node.start_mark.column + 1)
        if id(node) in seen:
            raise YamlError("aliases are not allowed: write it out", *mark)
        seen.add(id(node))
        if len(seen) > _MAX_NODES:
            raise YamlError("too many values", *mark)
        if isinstance(node, yaml.MappingNode):
            keys: set[str] = set()
            for key, value in node.value:
                if isinstance(key, yaml.ScalarNode):
                    if key.value in keys:
                        at = key.start_mark
                        raise YamlError(f"the key {key.value[:60]!r} is there twice", at.line + 1, at.column + 1)
                    keys.add(key.value)
                waiting += [key, value]
        elif isinstance(node, yaml.SequenceNode):
            waiting += node.value
