"""What runs on a robot: safety supervisor, localisation, motion and task execution."""
