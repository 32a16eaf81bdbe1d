"""Rule sets as devices save them. Each module has ``parse``, which tells every mistake with its place."""
