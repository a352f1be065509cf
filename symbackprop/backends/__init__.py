"""What computes: one module a backend, and the functions that their code calls."""
