"""Beyond the gradient: Jacobians, Hessians, optima, and what the orders of a chain cost."""
