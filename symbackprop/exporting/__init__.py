"""Exported code: forward and backward passes that are read beside their formulas."""
