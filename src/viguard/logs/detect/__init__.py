"""Judges events by rules (Sigma) and correlations, into alerts. No I/O; time comes from the events and from ticks."""
