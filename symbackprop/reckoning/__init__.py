"""The value of a formula that was read, at a point; and whether two formulas, or two numbers, are the same."""
