"""One fault per file, planted at a stated strength; tests and benchmarks import it."""
