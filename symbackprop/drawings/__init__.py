"""Writers of drawings: one format each, over the same diagrams and plots."""
