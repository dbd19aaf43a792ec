"""Wild cluster bootstrap: time against peers. Run with ``python -m benchmarks.wild``."""
