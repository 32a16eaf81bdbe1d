"""Tells people and their systems: routing, silences, channels."""
