"""The raw layer: sources land as they arrived, typed, once per content, in one transaction each."""
