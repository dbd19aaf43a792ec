"""Planted secrets, scripts in labels, killed runs and fifty million rows: does the report hold?"""
