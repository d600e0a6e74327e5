"""Activation: audiences sent to where they are used, with consent checked as they are sent, and nothing sent twice."""
