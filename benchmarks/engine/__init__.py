"""Speed and memory of the engine beside its peers, in one session."""
