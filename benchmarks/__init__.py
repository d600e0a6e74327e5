"""What `make bench` runs: every number that the README or a docstring quotes comes from here."""
