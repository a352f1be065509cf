"""What each object says of itself in a notebook."""
