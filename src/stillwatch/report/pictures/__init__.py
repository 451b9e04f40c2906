"""Pictures as inline SVG: positions in per cent, so that they fit any width while text keeps its size.

Colours come from the page's style sheet by class, so that light, dark and print need no second picture.
"""
