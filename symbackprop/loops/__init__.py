"""Programs of arrays as loops: a small language of loop nests, what lowers programs to it, what prints it."""
