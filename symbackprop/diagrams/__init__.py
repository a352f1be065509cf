"""The graph as a picture: what is drawn, and where it stands."""
