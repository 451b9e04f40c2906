"""What a person reads of a preview: sentences, the terminal, and one page with pictures."""
