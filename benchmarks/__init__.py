"""Heavy measurements and planting code; run with ``python -m benchmarks.NAME``."""
