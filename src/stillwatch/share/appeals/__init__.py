"""One appeal reaches every holder of an indicator; what is upheld is revoked everywhere, and that can be proven."""
