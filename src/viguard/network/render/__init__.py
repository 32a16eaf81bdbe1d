"""Rule sets as devices want them written. Each module has ``render``; what a target cannot say, it refuses to write."""
