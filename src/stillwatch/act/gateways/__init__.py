"""Gateways that ask for decisions: one file each, none of which thinks."""
