"""What language models are told, and the sentences of answers: data, read by ``agent.prompts``."""
