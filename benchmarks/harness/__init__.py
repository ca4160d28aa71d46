"""What the benchmarks share: the machine, pictures, a server, load, the bare bound, reports."""
