"""One file per format: from a user's files to labels and predictions."""
