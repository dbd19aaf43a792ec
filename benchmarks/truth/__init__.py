"""Truth suite: does the recommended inference hold? Run with ``python -m benchmarks.truth``."""
