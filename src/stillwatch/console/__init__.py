"""The analyst's pages: look, understand, decide, in a browser."""
