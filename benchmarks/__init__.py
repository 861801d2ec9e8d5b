"""Heavy measurements and planting code; run with ``python -m benchmarks.NAME``."""

from app.edge import prepare_libraries

prepare_libraries()  # as the product does, before anything imports numpy: idle threads would be counted as work
