"""The demo: the Complete Journey and the simulation of channels around it. Deletable as a whole."""
