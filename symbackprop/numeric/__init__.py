"""Numbers: a derivation as straight-line code, and the training that runs on it."""
