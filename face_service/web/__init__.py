"""HTTP only: the composition root, routes, errors, logging."""
