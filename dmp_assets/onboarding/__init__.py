"""From a stranger's data to a declared source: look at it, guess, ask, plan, write its declaration and staging models."""
