"""A report of a checked document, written: one writer a format."""
