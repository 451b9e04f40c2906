"""Appeals: the queue, one of them with everything that an answer rests on, and the answer."""
