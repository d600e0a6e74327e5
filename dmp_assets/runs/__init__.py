"""A run from the outside: when one is due (fingerprint), how it is started, what it shows while it goes, what it did."""
