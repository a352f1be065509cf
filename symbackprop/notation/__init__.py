"""How mathematics is written: names, numbers and expressions, in LaTeX and in Unicode."""
