"""Facts of an estate, frozen. A fact that was not read is Unknown(reason): never None, never a pass."""
