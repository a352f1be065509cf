"""Training as a run: examples in memory or in files, checkpoints, any backend."""
