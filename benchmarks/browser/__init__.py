"""Checks of the built report in a real browser: accessibility, requests, weight, Lighthouse."""
