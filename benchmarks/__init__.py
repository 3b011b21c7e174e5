"""The benchmarks: how fast the hub is beside the best that the same servers can do, as ratios of one run."""
