"""Tells people and machines what a night brought: events, routes, channels, delivery, and the heartbeat."""
