"""Reads the world: servers over the vSphere API, declared estates, saved snapshots. Gives model records."""
