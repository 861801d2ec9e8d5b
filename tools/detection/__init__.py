"""What a detector gets wrong: boxes beside labelled boxes, measured, sorted by kind of error, swept over thresholds."""
