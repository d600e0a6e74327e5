"""Identity: which identifiers are one person's, from when to when, by which evidence, and how to take that back."""
