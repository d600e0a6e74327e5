"""Clusters of customers by behaviour: five methods, the evidence for their settings, names, stable numbers and drift."""
