"""Images to unit vectors to neighbours. Knows nothing of labels."""
