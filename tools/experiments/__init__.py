"""One file per what-if, discovered: the file's name is the experiment's kind."""
