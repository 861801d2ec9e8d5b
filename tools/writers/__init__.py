"""One file per format that a data set is written in; ``tools.exporting`` finds them."""
