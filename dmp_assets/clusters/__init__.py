"""Clusters of customers by behaviour: K-Means, the evidence for the number of clusters, names and descriptions."""
