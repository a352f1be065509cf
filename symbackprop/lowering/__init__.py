"""From a derivation to code: programs of lines, made safe and lean, printed as expressions and loops."""
