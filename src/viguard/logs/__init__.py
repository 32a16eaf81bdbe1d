"""Hears log lines: receive -> classify -> detect -> archive; search."""
