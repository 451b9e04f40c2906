"""Testing a student model: whether it was trained on a campaign's marked answers, or on planted secrets."""
