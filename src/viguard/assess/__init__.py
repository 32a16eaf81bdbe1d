"""Judges an estate: controls x inventory x policy x derived facts -> results. No I/O, no clock."""
