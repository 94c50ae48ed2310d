"""What decisions stand on: logs and tables as they come, read strictly, with a place for everything refused."""
