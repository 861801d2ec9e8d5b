"""The pages of the app, and the shell around them: wiring only, what is shown is worked out in ``app.views``."""
