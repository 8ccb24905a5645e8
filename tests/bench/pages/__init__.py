"""Pages side by side: ours and its peers' in one run. ``python -m tests.bench.pages`` prints it."""
