"""Tokenizers of models: the ids that marks were made of, and the hash that tells one tokenizer from another."""
