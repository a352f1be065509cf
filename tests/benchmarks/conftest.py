"""What the contestants import is not installed everywhere."""

collect_ignore_glob = ["contestants/*"]
