"""Arrays: their operations, shapes, normal form and pull-back rules."""
