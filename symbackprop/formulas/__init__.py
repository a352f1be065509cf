"""Formulas in LaTeX as people write them, read: tokens, names, trees, chains of sides."""
