"""The benchmarks run, whatever they find."""
