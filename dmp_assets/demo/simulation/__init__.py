"""A seeded simulator of web, app, e-mail and social events around the demo's real purchases."""
