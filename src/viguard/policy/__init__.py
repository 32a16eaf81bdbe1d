"""What the owner of an estate intends: zones, limits, people, attestations, waivers."""
