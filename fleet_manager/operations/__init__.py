"""The manager's work: jobs to tasks, tasks to robots, records to the store. Talks to ports only."""
