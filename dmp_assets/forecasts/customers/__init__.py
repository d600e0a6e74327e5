"""What customers will do: buy again or not, and how much; how good earlier predictions were."""
