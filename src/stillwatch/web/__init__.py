"""What every server of ours needs and none of them owns: tokens, limits, headers, a log without secrets, a good end."""
