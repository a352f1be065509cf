"""Solutions: a derivation and its numbers as a sequence of steps, in no format yet."""
