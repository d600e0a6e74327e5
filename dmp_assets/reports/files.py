"""Put a published file in its place as a whole."""

from __future__ import annotations

from pathlib import Path


def publish_text(file: Path, text: str) -> None:
    """Write a text file so that a reader sees the old version or the new one, never a part of it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    incoming = file.with_name(f"{file.name}.new")
    incoming.write_text(text, encoding="utf-8")
    incoming.replace(file)
