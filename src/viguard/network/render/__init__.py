"""Rule sets as devices want them written: ``render`` of each module. What a target cannot be told is returned too."""
