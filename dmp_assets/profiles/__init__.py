"""Customer profiles: recency, frequency and monetary scores, shopping habits, and rule tags."""
