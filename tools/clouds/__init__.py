"""One file per service: its answers and pictures into a folder that a reader of ``tools.readers`` takes."""
