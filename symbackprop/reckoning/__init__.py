"""The value of a formula at a point; and whether two formulas, or two numbers, are the same."""
