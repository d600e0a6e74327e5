"""Personal data apart: direct identifiers in an encrypted vault, pseudonyms everywhere else."""
