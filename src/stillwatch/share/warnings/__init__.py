"""Lists of values that many innocent people share: carrier-grade NAT, resolvers, public mail providers."""
