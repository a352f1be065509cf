"""The live sheet: a derivation as JavaScript, with all that a page needs to compute its numbers anew."""
