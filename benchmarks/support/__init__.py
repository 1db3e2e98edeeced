"""What the benchmarks share. Not a benchmark itself, so it lies in a folder of its own."""
