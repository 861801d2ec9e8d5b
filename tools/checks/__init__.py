"""One file per check, discovered: the file's name is the check's code."""
