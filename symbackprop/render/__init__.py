"""Writers: one format each, over the same steps."""
