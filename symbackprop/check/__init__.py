"""Check a derivation that someone else wrote: read it, find what it claims, decide each claim."""
