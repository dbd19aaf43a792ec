"""Poisson pseudo-likelihood: speed against pyfixest, and what its inference covers."""
