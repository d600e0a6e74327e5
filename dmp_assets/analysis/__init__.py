"""What several domains compute: interactions, product text, intervals, drift, shared queries.

Plain functions over frames and arrays; add what a second domain needs. Never import a domain here.
"""
