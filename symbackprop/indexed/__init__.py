"""Indexed notation: derivations entry by entry, with symbolic indices, widths and depth."""
