"""Requests, routes and answers over HTTP on loopback."""
