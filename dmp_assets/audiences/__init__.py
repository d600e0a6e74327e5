"""Audiences: whom to reach, by rules in plain words, who is in and why, and what changed.

`define` reads the files, `members` turns answers into members, changes, overlaps and counts, `explain` says why and why not,
`compare` what sets members apart.
"""
