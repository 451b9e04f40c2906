"""Preview: whom a policy would have touched, before it touches anybody."""
