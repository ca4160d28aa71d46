"""What runs in the environment of a peer, with its packages and without ours."""
