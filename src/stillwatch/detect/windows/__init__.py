"""Windows of text alone, without accounts or times: is one drawn as the benign ones are."""

from stillwatch.detect.windows.score import WindowScore, score_windows

__all__ = ["WindowScore", "score_windows"]
