"""Answers as text, JSON, BloodHound OpenGraph and SVG."""
