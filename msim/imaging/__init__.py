"""Signals of regions as files that the field's tools open, and analyses by these tools (extra 'imaging')."""
