"""Sequence models of what a customer buys next: the optional extra `deep`."""
