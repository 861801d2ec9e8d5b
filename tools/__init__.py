"""Labels and models to findings and experiments. No language model, no web page, no printing."""
