"""What all writers share: mathematics put into one syntax, letters that a format has."""
