"""Reads logs that are files already: plain, packed, in support bundles, in folders, or piped in."""

from viguard.logs.files.chunks import CHUNK_BYTES, Chunk
from viguard.logs.files.packed import Limits
from viguard.logs.files.sources import open_source, read_files

__all__ = ["CHUNK_BYTES", "Chunk", "Limits", "open_source", "read_files"]
