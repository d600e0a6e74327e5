"""Event collection: the HTTP collector, its write keys and the segments in which events wait to be loaded."""
