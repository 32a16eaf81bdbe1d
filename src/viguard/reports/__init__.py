"""An audit as terminal, html, json, jsonl and csv; an inventory as tables."""
