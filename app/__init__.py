"""The faces people see: command line, chat, demo."""
